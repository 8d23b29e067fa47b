#include "data/importers/parallel_output.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unordered_set>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/importers/starting_recipe.h"
#include "data/json_fields.h"
#include "data/printable.h"
#include "data/temporary_path.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

enum Split { kTrain, kValid, kTest, kNumSplits };
constexpr std::array<const char*, kNumSplits> kSplitNames = {"train", "valid", "test"};

// The lines of one pair of files.
struct SplitLines {
  std::string name;
  std::vector<const ParallelPair*> pairs;
};

// FNV-1a with a final mix, so that all 64 bits depend on the whole text. Part of the split's definition: do not change.
uint64_t stable_hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3u;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
  return hash ^ (hash >> 33);
}

Split split_of(uint64_t hash, double share) {
  const double place = static_cast<double>(hash >> 11) * 0x1p-53;  // uniform in [0, 1)
  if (place < share) return kTest;
  return place >= 0.5 && place < 0.5 + share ? kValid : kTrain;
}

bool has_letter(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char byte) { return std::isalpha(byte) || byte >= 0x80; });
}

struct KeptPair {
  ParallelPair pair;
  uint64_t key_hash;
};

std::vector<KeptPair> keep_useful(const std::vector<ParallelPair>& pairs, std::map<std::string, int64_t>& dropped) {
  std::vector<KeptPair> kept;
  std::unordered_set<std::string> seen;
  for (const ParallelPair& raw : pairs) {
    ParallelPair pair{squeeze_spaces(raw.source), squeeze_spaces(raw.target)};
    if (pair.source.empty() || pair.target.empty())
      ++dropped["a side is empty"];
    else if (pair.source == pair.target)
      ++dropped["both sides are equal"];
    else if (find_invalid_utf8(pair.source) != std::string_view::npos || find_invalid_utf8(pair.target) != std::string_view::npos)
      ++dropped["not valid UTF-8"];
    else if (!has_letter(pair.source) || !has_letter(pair.target))
      ++dropped["a side has no letter"];
    else if (!seen.insert(pair.source + '\n' + pair.target).second)
      ++dropped["the pair occurred before"];
    else
      kept.push_back({std::move(pair), 0});
  }
  for (KeptPair& pair : kept) pair.key_hash = stable_hash(split_key(pair.pair.source));
  return kept;
}

// Lines of each split. A held-out source stands there once.
using SplitPairs = std::array<std::vector<const ParallelPair*>, kNumSplits>;

SplitPairs split_pairs(const std::vector<KeptPair>& kept, const ParallelOutput& output, std::map<std::string, int64_t>& dropped) {
  std::unordered_set<uint64_t> keys;
  for (const KeptPair& pair : kept) keys.insert(pair.key_hash);
  const double share = std::min(output.held_out, static_cast<double>(output.max_held_out) / static_cast<double>(keys.size()));
  SplitPairs splits;
  std::unordered_set<uint64_t> held_out;
  for (const KeptPair& pair : kept) {
    const Split split = split_of(pair.key_hash, share);
    if (split != kTrain && !held_out.insert(pair.key_hash).second)
      ++dropped["another pair of a held-out source"];
    else
      splits[split].push_back(&pair.pair);
  }
  return splits;
}

constexpr const char *kReportName = "import.json", *kRecipeName = "recipe.json";

std::string file_name(const std::string& split, const std::string& side) { return fmt::format("{}.{}", split, side); }

// The files in `folder` that an earlier import wrote and nobody has changed since.
std::vector<std::string> imported_files(const std::filesystem::path& folder) {
  try {
    const auto report = read_json(folder / kReportName);
    if (report.is_object() && report.contains("files")) {
      auto names = unchanged_files(folder, report["files"]);
      names.push_back(kReportName);
      return names;
    }
  } catch (const Error&) {  // missing or no report of an import
  }
  return {};
}

void refuse_files_of_others(const ParallelOutput& output, const std::vector<std::string>& splits) {
  const auto ours = imported_files(output.folder);
  std::error_code error;
  const auto check_file = [&](const std::string& name) {
    const auto file = output.folder / name;
    if (!std::filesystem::exists(std::filesystem::symlink_status(file, error)) || std::ranges::find(ours, name) != ours.end()) return;
    fail<ConfigError>("--out {}: holds {}, which no import wrote or which has changed since; choose another folder, or move the file away",
                      output.folder.string(), name);
  };
  for (const std::string& split : splits)
    for (const std::string* side : {&output.source_name, &output.target_name}) check_file(file_name(split, *side));
  check_file(kReportName);
}

// The train and valid of a recipe that lies beside the files.
nlohmann::json recipe_data(const ImportReport& report) {
  nlohmann::json data;
  for (const char* split : {"train", "valid"}) {
    if (split == std::string_view("valid") && report.num_valid == 0) continue;
    for (const auto& [side, name] : {std::pair{"source", &report.source_name}, std::pair{"target", &report.target_name}})
      data[split][side] = file_name(split, *name);
  }
  return data;
}

std::string report_json(const ImportReport& report, const nlohmann::json& files) {
  nlohmann::ordered_json json;
  json["origin"] = report.origin;
  json["found"] = report.num_found;
  json["dropped"] = report.dropped;
  json["train"] = report.num_train;
  json["valid"] = report.num_valid;
  if (report.named_tests.empty()) json["test"] = report.num_test;
  for (const auto& [name, number] : report.named_tests) json[name] = number;
  json["notes"] = report.notes;
  json["task"] = report.task;
  json["data"] = recipe_data(report);
  json["files"] = files;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// Either all files are replaced or none: what may fail for want of space comes before the first is renamed.
void write_files(const std::vector<SplitLines>& splits, const ParallelOutput& output, ImportReport& report) {
  std::unique_ptr<MadeFolders> made_folders;
  try {
    made_folders = std::make_unique<MadeFolders>(output.folder);
  } catch (const std::system_error& error) {
    fail<DataError>("{}: the folder cannot be made: {}", output.folder.string(), error.code().message());
  }
  std::vector<std::unique_ptr<AtomicFile>> files;
  // Files of earlier imports, of other languages for example, stay listed.
  auto list = nlohmann::json::object();
  for (const std::string& name : imported_files(output.folder))
    if (name != kReportName) list[name] = list_entry(output.folder / name);
  const auto write = [&](const std::string& name, const std::string& content) {
    files.push_back(std::make_unique<AtomicFile>(output.folder / name, Links::kRefuse));
    files.back()->write(content);
    list[name] = {{"bytes", content.size()}, {"crc32", fmt::format("{:08x}", crc32_of(content.data(), content.size()))}};
  };
  for (const SplitLines& split : splits) {
    for (const bool source : {true, false}) {
      std::string lines;
      for (const ParallelPair* pair : split.pairs) lines += (source ? pair->source : pair->target) + "\n";
      write(file_name(split.name, source ? output.source_name : output.target_name), lines);
    }
  }
  // A recipe is there to be changed: one that was is the user's.
  std::error_code error;
  const bool recipe_of_user =
      std::filesystem::exists(std::filesystem::symlink_status(output.folder / kRecipeName, error)) && !list.contains(kRecipeName);
  if (recipe_of_user)
    report.notes.push_back(
        fmt::format("{} has been changed or is no import's, and stays as it is", (output.folder / kRecipeName).string()));
  else
    write(kRecipeName, starting_recipe(report.task, recipe_data(report), report.num_train));
  write(kReportName, report_json(report, list));
  for (const auto& file : files) file->commit();
}

}  // namespace

void check_parallel_output(const ParallelOutput& output, const std::vector<std::string>& splits) {
  if (output.folder.empty()) fail<ConfigError>("--out: no folder given; name the one that the files are written to");
  if (find_invalid_utf8(output.folder.string()) != std::string_view::npos)
    fail<ConfigError>("--out {}: is not valid UTF-8, so no recipe could name it; choose another folder", output.folder.string());
  if (!(output.held_out >= 0 && output.held_out < 0.5))
    fail<ConfigError>("held_out: {} is out of range; accepted is [0, 0.5)", output.held_out);
  if (output.max_held_out < 0) fail<ConfigError>("max_held_out: {} is negative; accepted is 0 or more", output.max_held_out);
  refuse_files_of_others(output, splits);
}

std::string squeeze_spaces(std::string_view text) {
  std::string squeezed;
  bool pending = false;
  for (const char character : text) {
    if (std::isspace(static_cast<unsigned char>(character))) {
      pending = !squeezed.empty();
    } else {
      if (pending) squeezed += ' ';
      pending = false;
      squeezed += character;
    }
  }
  return squeezed;
}

std::string split_key(std::string_view source) {
  std::string key;
  for (const unsigned char byte : source) {
    char kept = ' ';
    if (std::isdigit(byte))
      kept = '0';
    else if (std::isalpha(byte) || byte >= 0x80)
      kept = static_cast<char>(std::tolower(byte));
    const bool repeats = (kept == ' ' || kept == '0') && key.ends_with(kept);
    if (!repeats && !(kept == ' ' && key.empty())) key += kept;
  }
  if (key.ends_with(' ')) key.pop_back();
  return key;
}

void check_language(const std::string& language, const std::string& option) {
  const auto accepted = [](unsigned char byte) { return std::isalnum(byte) || byte == '_' || byte == '@' || byte == '-'; };
  if (language.size() < 2 || !std::isalpha(static_cast<unsigned char>(language[0])) || !std::ranges::all_of(language, accepted))
    fail<ConfigError>("{}: '{}' is not a language; accepted are names as locales have them: de, pt_BR, sr@latin", option, language);
}

void check_language_pair(const std::string& source_language, const std::string& target_language) {
  check_language(source_language, "--languages");
  check_language(target_language, "--languages");
  if (source_language == target_language) fail<ConfigError>("--languages: '{}' twice; two different languages are needed", source_language);
}

std::pair<std::string, std::string> parse_language_pair(const std::string& languages) {
  const size_t comma = languages.find(',');
  if (comma == languages.npos || languages.find(',', comma + 1) != languages.npos)
    fail<ConfigError>("--languages: '{}' does not name two languages; write source,target: en,de", languages);
  std::pair<std::string, std::string> pair = {languages.substr(0, comma), languages.substr(comma + 1)};
  check_language_pair(pair.first, pair.second);
  return pair;
}

ImportReport write_parallel(const std::vector<ParallelPair>& pairs, const ParallelOutput& output, ImportReport report) {
  check_parallel_output(output);
  report.folder = output.folder;
  report.source_name = output.source_name;
  report.target_name = output.target_name;
  report.num_found += static_cast<int64_t>(pairs.size());
  const std::vector<KeptPair> kept = keep_useful(pairs, report.dropped);
  const SplitPairs splits = split_pairs(kept, output, report.dropped);
  if (splits[kTrain].empty())
    fail<DataError>("{}: none of {} pairs is left for training; nothing was written", report.origin, report.num_found);
  report.num_train = static_cast<int64_t>(splits[kTrain].size());
  report.num_valid = static_cast<int64_t>(splits[kValid].size());
  report.num_test = static_cast<int64_t>(splits[kTest].size());

  std::vector<SplitLines> lines;
  for (size_t split = 0; split < kNumSplits; ++split) lines.push_back({kSplitNames[split], splits[split]});
  write_files(lines, output, report);
  return report;
}

ImportReport write_parallel_splits(const std::vector<NamedSplit>& splits, const ParallelOutput& output, ImportReport report) {
  std::vector<std::string> names;
  for (const NamedSplit& split : splits) names.push_back(split.name);
  check_parallel_output(output, names);
  report.folder = output.folder;
  report.source_name = output.source_name;
  report.target_name = output.target_name;
  std::vector<SplitLines> lines;
  for (const NamedSplit& split : splits) {
    const auto number = static_cast<int64_t>(split.pairs.size());
    report.num_found += number;
    if (split.name == "train")
      report.num_train = number;
    else if (split.name == "valid")
      report.num_valid = number;
    else
      report.named_tests.emplace_back(split.name, number);
    SplitLines& of_split = lines.emplace_back(SplitLines{split.name, {}});
    for (const ParallelPair& pair : split.pairs) of_split.pairs.push_back(&pair);
  }
  write_files(lines, output, report);
  return report;
}

std::string ImportReport::text() const {
  std::string lines = origin + "\n";
  const auto row = [&](const std::string& what, int64_t number) { lines += fmt::format("  {:<54}{:>9}\n", what, number); };
  row("pairs found", num_found);
  for (const auto& [reason, number] : dropped) row("dropped: " + reason, number);
  const auto split_row = [&](const std::string& split, int64_t number) {
    row(fmt::format("{}.{}, {}.{}", split, source_name, split, target_name), number);
  };
  split_row("train", num_train);
  split_row("valid", num_valid);
  if (named_tests.empty()) split_row("test", num_test);
  for (const auto& [name, number] : named_tests) split_row(name, number);
  for (const std::string& note : notes) lines += "  note: " + note + "\n";
  return lines + fmt::format("written to {0}; to train: attnzoo-train {1} --run RUN\n", folder.string(),
                             shell_quoted((folder / kRecipeName).string()));
}

}  // namespace attnzoo
