// Reading the pairs of a SourceConfig: files as streams of lines, lines as pairs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "data/error.h"
#include "data/json_line.h"
#include "data/sources.h"

namespace attnzoo {
namespace {

// The files under one key as one stream of lines.
class ConcatenatedLines {
 public:
  // `names`: what messages call each file.
  ConcatenatedLines(FileList files, FileList names) : files_(std::move(files)), names_(std::move(names)) {
    // The later ones are opened now too, so that a misspelt one is not found hours later; a pipe can be opened only once.
    for (size_t i = 1; i < files_.size(); ++i)
      if (!can_be_read_only_once(files_[i])) LineReader(files_[i], names_[i]);
    open();
  }

  bool next(std::string& line) {
    while (!reader_->next(line)) {
      if (file_ + 1 == files_.size()) return false;
      ++file_;
      open();
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
  int64_t line_number() const { return reader_->line_number(); }
  // Lives as long as this object.
  const std::string& file() const { return names_[file_]; }
  std::string name() const { return files_.size() == 1 ? names_[0] : fmt::format("{} (and {} more)", names_[0], files_.size() - 1); }

 private:
  void open() { reader_.emplace(files_[file_], names_[file_]); }

  FileList files_, names_;
  size_t file_ = 0;
  std::optional<LineReader> reader_;
  int64_t count_ = 0;
};

std::string column_of(const std::string& line, int64_t column, const TextPair& pair) {
  size_t begin = 0;
  for (int64_t i = 0;; ++i) {
    const size_t tab = line.find('\t', begin);
    if (i == column) return line.substr(begin, tab == std::string::npos ? tab : tab - begin);
    if (tab == std::string::npos) {
      fail<DataError>("{}: has {} column{}, but column {} is needed (columns are separated by tabs and counted from 0)", pair.place(),
                      i + 1, i == 0 ? "" : "s", column);
    }
    begin = tab + 1;
  }
}

// Makes a pair of one line from each list of files, whose place and UTF-8 are checked and noted in `pair`: one overload per form of text.
class LinesToPair {
 public:
  LinesToPair(FileList& lines, InvalidUtf8 policy, PairParts parts, TextPair& pair)
      : lines_(lines), policy_(policy), parts_(parts), pair_(pair) {}

  void operator()(const std::monostate&) const {}
  void operator()(const ParallelFiles&) const {
    pair_.source.swap(lines_[0]);
    pair_.target.swap(lines_[1]);
  }
  void operator()(const TsvFiles& tsv) const {
    pair_.source = column_of(lines_[0], tsv.source_column, pair_);
    if (parts_.target) pair_.target = column_of(lines_[0], tsv.target_column, pair_);
    keep_record();
  }
  void operator()(const JsonlFiles& jsonl) const {
    if (repair_surrogates(lines_[0], policy_, pair_.place())) pair_.invalid_utf8 = true;
    const nlohmann::json object = parse_json_line(lines_[0], pair_.place());
    pair_.source = text_field(object, jsonl.source_field, pair_.place());
    if (parts_.target) pair_.target = text_field(object, jsonl.target_field, pair_.place());
    keep_record();
  }
  void operator()(const RunningText&) const {
    pair_.source = lines_[0];
    if (parts_.target) pair_.target = lines_[0];
    keep_record();
  }

 private:
  void keep_record() const {
    if (parts_.record) pair_.record.swap(lines_[0]);
  }

  FileList& lines_;
  InvalidUtf8 policy_;
  PairParts parts_;
  TextPair& pair_;
};

}  // namespace

struct PairReader::Impl {
  Impl(const SourceConfig& given, InvalidUtf8 utf8, PairParts wanted) : form(given.form), policy(utf8), parts(wanted) {
    for (const auto& [key, files] : given.files_by_key()) {
      FileList names;
      for (const std::string& file : files) names.push_back(given.name_of(file));
      streams.emplace_back(files, std::move(names));
    }
    lines.resize(streams.size());
  }

  TextForm form;
  InvalidUtf8 policy;
  PairParts parts;
  std::vector<ConcatenatedLines> streams;  // one per list of files
  FileList lines;
};

PairReader::PairReader(const SourceConfig& config, InvalidUtf8 policy, PairParts parts) {
  if (config.empty())
    fail<ConfigError>("no text is given; name {}, or {}", SourceConfig::forms_of_pairs(), SourceConfig::forms_of_running_text());
  impl_ = std::make_unique<Impl>(config, policy, parts);
}

PairReader::~PairReader() = default;

bool PairReader::next(TextPair& pair) {
  Impl& impl = *impl_;
  pair.invalid_utf8 = false;
  const bool more = impl.streams[0].next(impl.lines[0]);
  for (size_t i = 1; i < impl.streams.size(); ++i) {
    if (impl.streams[i].next(impl.lines[i]) == more) continue;
    fail<DataError>("{} has {} lines and {} {}; a parallel corpus needs equal counts", impl.streams[0].name(), impl.streams[0].count_all(),
                    impl.streams[i].name(), impl.streams[i].count_all());
  }
  if (!more) return false;
  for (size_t i = 0; i < impl.streams.size(); ++i)
    if (require_utf8(impl.lines[i], impl.policy, impl.streams[i].file(), impl.streams[i].line_number())) pair.invalid_utf8 = true;
  pair.line = impl.streams[0].count();
  pair.file = impl.streams[0].file();
  pair.file_line = impl.streams[0].line_number();
  pair.target_file = impl.streams.back().file();
  pair.target_file_line = impl.streams.back().line_number();
  std::visit(LinesToPair(impl.lines, impl.policy, impl.parts, pair), impl.form);
  return true;
}

}  // namespace attnzoo
