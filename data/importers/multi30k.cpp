#include "data/importers/multi30k.h"

#include <fmt/ranges.h>

#include <set>
#include <system_error>

#include "data/error.h"
#include "data/text_reader.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// The file of a split in one language, plain or gzip; empty if there is none.
fs::path split_file(const fs::path& folder, const std::string& split, const std::string& language) {
  for (const char* ending : {"", ".gz"}) {
    const fs::path file = folder / fmt::format("{}.{}{}", split, language, ending);
    std::error_code ignored;
    if (fs::exists(file, ignored)) return file;
  }
  return {};
}

bool is_raw_folder(const fs::path& folder, const Multi30kImportOptions& options) {
  for (const char* split : {"train", "val"})
    for (const auto& language : {options.source_language, options.target_language})
      if (split_file(folder, split, language).empty()) return false;
  return true;
}

// The folder of the raw files at or below options.from.
fs::path raw_folder(const Multi30kImportOptions& options) {
  std::vector<std::string> looked_in;
  for (const char* below : {"", "raw", "task1/raw", "data/task1/raw"}) {
    const fs::path folder = *below == '\0' ? options.from : options.from / below;
    if (is_raw_folder(folder, options)) return folder;
    looked_in.push_back(folder.string());
  }
  const auto &source = options.source_language, &target = options.target_language;
  fail<DataError>(
      "{}: is not Multi30k in {} and {}; looked for train.{}, train.{}, val.{} and val.{}, plain or .gz, in {}; the dataset (the raw files "
      "of task 1) is at {}",
      options.from.string(), source, target, source, target, source, target, fmt::join(looked_in, ", "), kMulti30kAddress);
}

// The names of the test sets: what is called test*.SOURCE, plain or gzip.
std::set<std::string> test_sets(const fs::path& folder, const std::string& language) {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    const std::string split = name.substr(0, name.find('.'));
    if (split.starts_with("test") && name == split + "." + language) names.insert(split);
  }
  return names;
}

NamedSplit read_split(const std::string& name, const fs::path& source_file, const fs::path& target_file) {
  std::vector<std::string> sources = read_lines(source_file.string()), targets = read_lines(target_file.string());
  if (sources.size() != targets.size())
    fail<DataError>("{} and {} differ in their number of lines: {} and {}", source_file.string(), target_file.string(), sources.size(),
                    targets.size());
  if (sources.empty()) fail<DataError>("{}: is empty", source_file.string());
  NamedSplit split;
  split.name = name;
  for (size_t i = 0; i < sources.size(); ++i) split.pairs.push_back({std::move(sources[i]), std::move(targets[i])});
  return split;
}

}  // namespace

ImportReport import_multi30k(const Multi30kImportOptions& options, const ImportLog& log) {
  check_language_pair(options.source_language, options.target_language);
  const fs::path folder = raw_folder(options);
  const auto read = [&](const std::string& name, const std::string& split) {
    return read_split(name, split_file(folder, split, options.source_language), split_file(folder, split, options.target_language));
  };
  log(fmt::format("reading {}", folder.string()));
  ImportReport report;
  std::vector<NamedSplit> splits = {read("train", "train"), read("valid", "val")};
  for (const std::string& name : test_sets(folder, options.source_language)) {
    if (split_file(folder, name, options.target_language).empty())
      report.notes.push_back(fmt::format("{} is not there in {}; left out", name, options.target_language));
    else
      splits.push_back(read(name, name));
  }
  report.origin =
      fmt::format("Multi30k, {} to {} ({}; {})", options.source_language, options.target_language, kMulti30kAddress, kMulti30kTerms);
  ParallelOutput output;
  output.folder = options.out;
  output.source_name = options.source_language;
  output.target_name = options.target_language;
  return write_parallel_splits(splits, output, std::move(report));
}

}  // namespace attnzoo
