// What every importer does with the pairs that it finds: drop useless and repeated ones, split, write. No source of the valid or test
// split occurs in training, even with other digits, case or punctuation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attnzoo {

// One line each, without line ends.
struct ParallelPair {
  std::string source, target;
};

// Receives one line per stage, for people to read.
using ImportLog = std::function<void(const std::string&)>;

struct ParallelOutput {
  // Made when missing. Files of an earlier import, which import.json lists, are replaced; any other file under their names is refused.
  std::filesystem::path folder;
  // Extensions of the two sides: train.<source_name>, train.<target_name>, valid.*, test.*.
  std::string source_name = "en", target_name = "de";
  // Share of the distinct sources in each held-out split, in [0, 0.5), and the most lines of one. The split of a source depends on its text
  // alone, so importing again from a larger archive keeps it.
  double held_out = 0.01;
  int64_t max_held_out = 2000;
};

struct ImportReport {
  std::string origin;  // "Debian package descriptions (13869 packages in en and de)"
  std::filesystem::path folder;
  std::string source_name, target_name;
  std::string task = "translation";        // of a recipe for these files
  int64_t num_found = 0;                   // pairs before anything was dropped
  std::map<std::string, int64_t> dropped;  // reason -> pairs
  int64_t num_train = 0, num_valid = 0, num_test = 0;
  std::vector<std::pair<std::string, int64_t>> named_tests;  // test sets under names of their own, in place of "test"
  std::vector<std::string> notes;                            // what was skipped or is worth knowing, one line each

  // Several lines for a person, ending with the command that trains on these files.
  std::string text() const;
};

// For a check before the work of importing. Throws ConfigError for a value out of range, and for files in the folder that no import wrote.
void check_parallel_output(const ParallelOutput& output, const std::vector<std::string>& splits = {"train", "valid", "test"});

// Writes train, valid and test files, recipe.json (starting_recipe.h; kept where somebody has changed it) and import.json (the report);
// either all files are replaced or none. `dropped` and `notes` of `report` are continued. Throws as check_parallel_output() does, and
// DataError when no pair is left or the folder cannot be written.
ImportReport write_parallel(const std::vector<ParallelPair>& pairs, const ParallelOutput& output, ImportReport report);

// One split of a corpus that comes divided, such as {"train", ...}, {"test_2016_flickr", ...}.
struct NamedSplit {
  std::string name;
  std::vector<ParallelPair> pairs;
};

// The same for a corpus that comes divided: its "train", "valid" and test sets are written as they are, nothing is dropped.
ImportReport write_parallel_splits(const std::vector<NamedSplit>& splits, const ParallelOutput& output, ImportReport report);

// What decides whether two sources are "the same": letters lower-cased (ASCII), each run of digits one 0, all else one space.
std::string split_key(std::string_view source);

// Runs of white space become one space, none at the ends.
std::string squeeze_spaces(std::string_view text);

// A language is named as locales are ("de", "pt_BR", "sr@latin"): letters, digits, _, - and @, since it becomes part of file names. Both
// throw ConfigError; a pair must be two different ones.
void check_language(const std::string& language, const std::string& option);
void check_language_pair(const std::string& source_language, const std::string& target_language);
// "en,de" -> {"en", "de"}; throws ConfigError.
std::pair<std::string, std::string> parse_language_pair(const std::string& languages);

}  // namespace attnzoo
