#include "data/sources.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/stored_path.h"

namespace attnzoo {
namespace {

// Calls visit(Form{}) for each form of text there is.
template <class Visit, size_t... I>
void for_each_form(Visit visit, std::index_sequence<I...>) {
  (visit(std::variant_alternative_t<I + 1, TextForm>{}), ...);  // the first alternative is none
}
template <class Visit>
void for_each_form(Visit visit) {
  for_each_form(visit, std::make_index_sequence<std::variant_size_v<TextForm> - 1>{});
}

// Calls visit(form) unless there is no text.
template <class Config, class Visit>
void with_form(Config& config, Visit visit) {
  std::visit(
      [&](auto& form) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(form)>, std::monostate>) visit(form);
      },
      config.form);
}

struct FileCollector {
  std::vector<std::pair<std::string, FileList>> files_by_key;

  void files(const char* key, const FileList& list) { files_by_key.emplace_back(key, list); }
  void column(const char* /*key*/, int64_t /*value*/) {}
  void name(const char* /*key*/, const std::string& /*value*/) {}
};

template <class Form>
std::vector<std::pair<std::string, FileList>> collect_files(const Form& form) {
  FileCollector collector;
  Form::describe(form, collector);
  return std::move(collector.files_by_key);
}

struct FileReplacer {
  const std::function<std::string(const std::string&, const std::string&)>& replacement;

  void files(const char* key, FileList& list) const {
    for (std::string& file : list) file = replacement(key, file);
  }
  void column(const char* /*key*/, int64_t /*value*/) const {}
  void name(const char* /*key*/, const std::string& /*value*/) const {}
};

struct FormWriter {
  nlohmann::json& fields;

  void files(const char* key, const FileList& list) const {
    fields[key] = list.size() == 1 ? nlohmann::json(list.front()) : nlohmann::json(list);
  }
  void column(const char* key, int64_t value) const { fields[key] = value; }
  void name(const char* key, const std::string& value) const { fields[key] = value; }
};

// Reads the fields of one form, and notes which of them are given.
struct FormReader {
  FieldReader& reader;
  const nlohmann::json& fields;
  std::vector<std::string> files_given, files_missing, settings_given;

  void files(const char* key, FileList& list) {
    if (!reader.read(key, list)) {
      files_missing.push_back(key);
      return;
    }
    files_given.push_back(key);
    const auto& value = fields[key];
    if ((value.is_string() || value.is_array()) && (list.empty() || std::count(list.begin(), list.end(), "") > 0))
      reader.problem(key, "names no file");
  }
  void column(const char* key, int64_t& value) {
    if (reader.read(key, value)) settings_given.push_back(key);
    if (value < 0) reader.problem(key, fmt::format("must be 0 or more, got {}", value));
  }
  void name(const char* key, std::string& value) {
    if (reader.read(key, value)) settings_given.push_back(key);
  }
};

std::string quoted_keys(const std::vector<std::pair<std::string, FileList>>& files) {
  std::vector<std::string> keys;
  for (const auto& [key, list] : files) keys.push_back("'" + key + "'");
  return fmt::format("{}", fmt::join(keys, " and "));
}

// "'source' and 'target', or 'tsv'": the forms of pairs, of running text, or both.
std::string offered_forms(bool pairs, bool running_text) {
  std::vector<std::string> forms;
  for_each_form([&]<class Form>(const Form& form) {
    if (Form::kPairs ? pairs : running_text) forms.push_back(quoted_keys(collect_files(form)));
  });
  return fmt::format("{}", fmt::join(forms, ", or "));
}

}  // namespace

bool SourceConfig::has_pairs() const {
  bool pairs = false;
  with_form(*this, [&]<class Form>(const Form&) { pairs = Form::kPairs; });
  return pairs;
}

std::vector<std::pair<std::string, FileList>> SourceConfig::files_by_key() const {
  std::vector<std::pair<std::string, FileList>> files;
  with_form(*this, [&](const auto& given) { files = collect_files(given); });
  return files;
}

FileList SourceConfig::files() const {
  FileList all;
  for (const auto& [key, list] : files_by_key()) all.insert(all.end(), list.begin(), list.end());
  return all;
}

void SourceConfig::replace_files(const std::function<std::string(const std::string&, const std::string&)>& replacement) {
  with_form(*this, [&]<class Form>(Form& given) { Form::describe(given, FileReplacer{replacement}); });
}

std::string SourceConfig::name_of(const std::string& file) const {
  const auto shown = shown_as.find(file);
  return shown != shown_as.end() ? shown->second : file == "-" ? "standard input" : file;
}

std::string SourceConfig::name() const {
  std::vector<std::string> names;
  for (const auto& [key, list] : files_by_key()) {
    if (list.empty()) continue;
    const std::string first = name_of(list.front());
    names.push_back(list.size() == 1 ? first : fmt::format("{} (and {} more)", first, list.size() - 1));
  }
  return names.empty() ? "no files" : fmt::format("{}", fmt::join(names, " and "));
}

SourceConfig SourceConfig::from_json(const nlohmann::json& fields, const std::string& where, const std::filesystem::path& relative_to) {
  FieldReader reader(fields, where);
  SourceConfig config;
  std::vector<std::string> given, missing;
  int num_forms = 0;
  for_each_form([&]<class Form>(Form form) {
    FormReader read{reader, fields, {}, {}, {}};
    Form::describe(form, read);
    if (read.files_given.empty()) {
      for (const auto& setting : read.settings_given) reader.problem(setting, "needs a file in " + quoted_keys(collect_files(form)));
      return;
    }
    ++num_forms;
    given = read.files_given;
    missing = read.files_missing;
    config.form = std::move(form);
  });
  reader.finish();
  if (num_forms > 1) fail<ConfigError>("{}: more than one form of text; give {}", where, offered_forms(true, true));
  if (num_forms == 1 && !missing.empty())
    fail<ConfigError>("{}: '{}' without '{}'; both are needed", where, given.front(), missing.front());
  config.replace_files([&](const std::string& key, const std::string& file) { return stored_path(file, relative_to, where + "." + key); });
  const auto files = config.files();
  if (std::count(files.begin(), files.end(), "-") > 1) fail<ConfigError>("{}: standard input ('-') can be read only once", where);
  return config;
}

nlohmann::json SourceConfig::to_json() const {
  nlohmann::json fields = nlohmann::json::object();
  with_form(*this, [&]<class Form>(const Form& given) { Form::describe(given, FormWriter{fields}); });
  return fields;
}

std::vector<std::string> SourceConfig::file_keys() {
  std::vector<std::string> keys;
  for_each_form([&](const auto& form) {
    for (const auto& [key, list] : collect_files(form)) keys.push_back(key);
  });
  return keys;
}

std::string SourceConfig::forms_of_pairs() { return offered_forms(true, false); }
std::string SourceConfig::forms_of_running_text() { return offered_forms(false, true); }

}  // namespace attnzoo
