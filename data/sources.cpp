#include "data/sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

std::string name_of(const std::vector<std::string>& files) {
  const std::string first = files.front() == "-" ? "standard input" : files.front();
  return files.size() == 1 ? first : fmt::format("{} (and {} more)", first, files.size() - 1);
}

// One side's files as one stream of lines.
class ConcatenatedLines {
 public:
  explicit ConcatenatedLines(std::vector<std::string> files) : files_(std::move(files)) {
    // All of them are opened once, so that a misspelt last one is not found hours later.
    for (const std::string& file : files_) LineReader check(file);
    reader_.emplace(files_.front());
  }

  bool next(std::string& line) {
    while (!reader_->next(line)) {
      if (file_ + 1 == files_.size()) return false;
      reader_.emplace(files_[++file_]);
    }
    ++count_;
    return true;
  }
  // The lines to the end, those already read included.
  int64_t count_all() {
    std::string line;
    while (next(line)) {
    }
    return count_;
  }
  int64_t count() const { return count_; }
  const LineReader& reader() const { return *reader_; }
  std::string name() const { return name_of(files_); }
  // Lives as long as this object.
  std::string_view file() const { return files_[file_] == "-" ? std::string_view("standard input") : std::string_view(files_[file_]); }

 private:
  std::vector<std::string> files_;
  size_t file_ = 0;
  std::optional<LineReader> reader_;
  int64_t count_ = 0;
};

std::string column_of(const std::string& line, int64_t column, std::string_view file, int64_t line_number) {
  size_t begin = 0;
  for (int64_t i = 0;; ++i) {
    const size_t tab = line.find('\t', begin);
    if (i == column) return line.substr(begin, tab == std::string::npos ? tab : tab - begin);
    if (tab == std::string::npos) {
      fail<DataError>("{}:{}: has {} column{}, but column {} is asked for (columns are separated by tabs and counted from 0)", file,
                      line_number, i + 1, i == 0 ? "" : "s", column);
    }
    begin = tab + 1;
  }
}

std::string field_of(const nlohmann::json& object, const std::string& field, std::string_view file, int64_t line_number) {
  const nlohmann::json* found = nullptr;
  if (object.contains(field)) {
    found = &object[field];
  } else {
    const nlohmann::json* node = &object;
    for (size_t begin = 0; node != nullptr && begin <= field.size();) {
      const size_t dot = std::min(field.find('.', begin), field.size());
      const auto key = field.substr(begin, dot - begin);
      node = node->is_object() && node->contains(key) ? &(*node)[key] : nullptr;
      begin = dot + 1;
    }
    found = node;
  }
  if (found == nullptr) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.push_back(key);
    fail<DataError>("{}:{}: has no field '{}'; its fields: {}", file, line_number, field, fmt::join(keys, ", "));
  }
  if (found->is_number() || found->is_boolean()) return found->dump();  // labels often are
  if (!found->is_string()) fail<DataError>("{}:{}: the field '{}' must be a string, got {}", file, line_number, field, found->type_name());
  std::string text = found->get<std::string>();
  // A line stays a line: what is written out, one pair a line, must be parallel again.
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

std::vector<std::string> absolute(const std::vector<std::string>& files, const std::filesystem::path& relative_to) {
  std::vector<std::string> paths;
  for (const std::string& file : files)
    paths.push_back(file == "-" || file.empty() ? file : std::filesystem::absolute(relative_to / file).lexically_normal().string());
  return paths;
}

nlohmann::json one_or_list(const std::vector<std::string>& files) {
  return files.size() == 1 ? nlohmann::json(files.front()) : nlohmann::json(files);
}

}  // namespace

std::vector<std::string> SourceConfig::files() const {
  std::vector<std::string> all;
  for (const auto* list : {&source, &target, &tsv, &jsonl, &text}) all.insert(all.end(), list->begin(), list->end());
  return all;
}

std::string SourceConfig::name() const {
  if (!tsv.empty()) return name_of(tsv);
  if (!jsonl.empty()) return name_of(jsonl);
  if (!text.empty()) return name_of(text);
  return source.empty() || target.empty() ? "no files" : name_of(source) + " and " + name_of(target);
}

SourceConfig SourceConfig::from_json(const nlohmann::json& fields, const std::string& where, const std::filesystem::path& relative_to) {
  SourceConfig config;
  FieldReader reader(fields, where);
  reader.read("source", config.source);
  reader.read("target", config.target);
  reader.read("tsv", config.tsv);
  const bool has_columns = reader.read("source_column", config.source_column) | reader.read("target_column", config.target_column);
  reader.read("jsonl", config.jsonl);
  const bool has_fields = reader.read("source_field", config.source_field) | reader.read("target_field", config.target_field);
  reader.read("text", config.text);
  for (const char* key : {"source", "target", "tsv", "jsonl", "text"}) {
    if (!fields.is_object() || !fields.contains(key) || !(fields[key].is_string() || fields[key].is_array())) continue;
    if (fields[key].empty() || fields[key] == "") reader.problem(key, "names no file");
  }
  if (config.source_column < 0) reader.problem("source_column", fmt::format("must be 0 or more, got {}", config.source_column));
  if (config.target_column < 0) reader.problem("target_column", fmt::format("must be 0 or more, got {}", config.target_column));
  if (has_columns && config.tsv.empty()) reader.problem("source_column, target_column", "need a file in 'tsv'");
  if (has_fields && config.jsonl.empty()) reader.problem("source_field, target_field", "need a file in 'jsonl'");
  reader.finish();

  const bool two_files = !config.source.empty() || !config.target.empty();
  const int num_forms = two_files + !config.tsv.empty() + !config.jsonl.empty() + !config.text.empty();
  if (num_forms > 1)
    fail<ConfigError>("{}: more than one form of text; give 'source' and 'target', or 'tsv', or 'jsonl', or 'text'", where);
  if (two_files && config.source.empty()) fail<ConfigError>("{}: 'target' without 'source'; two parallel files are needed", where);
  if (two_files && config.target.empty()) fail<ConfigError>("{}: 'source' without 'target'; two parallel files are needed", where);
  for (auto* list : {&config.source, &config.target, &config.tsv, &config.jsonl, &config.text}) *list = absolute(*list, relative_to);
  const auto files = config.files();
  if (std::count(files.begin(), files.end(), "-") > 1) fail<ConfigError>("{}: standard input ('-') can be read only once", where);
  return config;
}

nlohmann::json SourceConfig::to_json() const {
  nlohmann::json fields = nlohmann::json::object();
  if (!source.empty()) fields["source"] = one_or_list(source);
  if (!target.empty()) fields["target"] = one_or_list(target);
  if (!text.empty()) fields["text"] = one_or_list(text);
  if (!tsv.empty()) fields.update({{"tsv", one_or_list(tsv)}, {"source_column", source_column}, {"target_column", target_column}});
  if (!jsonl.empty()) fields.update({{"jsonl", one_or_list(jsonl)}, {"source_field", source_field}, {"target_field", target_field}});
  return fields;
}

struct PairReader::Impl {
  Impl(const SourceConfig& given, InvalidUtf8 utf8)
      : config(given),
        policy(utf8),
        first(!given.tsv.empty()     ? given.tsv
              : !given.jsonl.empty() ? given.jsonl
              : !given.text.empty()  ? given.text
                                     : given.source) {
    if (!given.target.empty()) second.emplace(given.target);
  }

  bool read_line(ConcatenatedLines& lines, std::string& line, TextPair& pair) {
    if (!lines.next(line)) return false;
    if (require_utf8(line, policy, lines.reader().name(), lines.reader().line_number())) pair.invalid_utf8 = true;
    return true;
  }

  void split(TextPair& pair) {
    if (!config.text.empty()) {
      pair.source = pair.target = line;
      return;
    }
    if (!config.tsv.empty()) {
      pair.source = column_of(line, config.source_column, pair.file, pair.file_line);
      pair.target = column_of(line, config.target_column, pair.file, pair.file_line);
      return;
    }
    nlohmann::json object;
    try {
      object = nlohmann::json::parse(line);
    } catch (const nlohmann::json::parse_error& error) {
      fail<DataError>("{}:{}: not valid JSON at byte {}; each line must be one object", pair.file, pair.file_line, error.byte);
    }
    if (!object.is_object()) fail<DataError>("{}:{}: must be a JSON object, got {}", pair.file, pair.file_line, object.type_name());
    pair.source = field_of(object, config.source_field, pair.file, pair.file_line);
    pair.target = field_of(object, config.target_field, pair.file, pair.file_line);
  }

  SourceConfig config;
  InvalidUtf8 policy;
  ConcatenatedLines first;
  std::optional<ConcatenatedLines> second;
  std::string line;
};

PairReader::PairReader(const SourceConfig& config, InvalidUtf8 policy) {
  if (config.empty()) fail<ConfigError>("no text is given; name 'source' and 'target', or 'tsv', or 'jsonl', or 'text'");
  impl_ = std::make_unique<Impl>(config, policy);
}

PairReader::~PairReader() = default;

bool PairReader::next(TextPair& pair) {
  Impl& impl = *impl_;
  pair.invalid_utf8 = false;
  const bool more = impl.read_line(impl.first, impl.second ? pair.source : impl.line, pair);
  if (impl.second) {
    const bool more_targets = impl.read_line(*impl.second, pair.target, pair);
    if (more != more_targets) {
      fail<DataError>("{} has {} lines and {} {}; a parallel corpus needs equal counts", impl.first.name(), impl.first.count_all(),
                      impl.second->name(), impl.second->count_all());
    }
  }
  if (!more) return false;
  pair.line = impl.first.count();
  pair.file = impl.first.file();
  pair.file_line = impl.first.reader().line_number();
  if (!impl.second) impl.split(pair);
  return true;
}

}  // namespace attnzoo
