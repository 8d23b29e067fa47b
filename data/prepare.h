// From the recipe's "data" section to what training needs: tokenisers, memory-mapped corpora, validation text. Made once in a cache folder
// and reused while inputs and settings are the same; stale or damaged files are rebuilt.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/cleaning.h"
#include "data/corpus.h"
#include "data/progress.h"
#include "data/sources.h"
#include "data/spooled_input.h"
#include "data/task.h"
#include "data/tokenizer.h"

namespace attnzoo {

// The recipe's data section: {"train": {"source": F, "target": F}, "valid": {...}, "tokenizer": {...}, "clean": {...}, "cache": DIR}
struct DataConfig {
  SourceConfig train;  // data/sources.h: parallel files, TSV, JSON lines or running text
  SourceConfig valid;  // may be empty: no validation
  TokenizerConfig tokenizer;
  CleaningConfig clean;  // data/cleaning.h; validation text gets clean.for_validation()
  // Where prepared corpora are kept, absolute after from_json(). Empty: the program decides (attnzoo-data: default_cache(), training: the
  // run folder). A folder serves one recipe; another recipe that uses it rebuilds everything.
  std::string cache;
  // How to get the text, a command or a sentence: shown if a file of `train` or `valid` is missing.
  std::string obtain;

  // Of the recipe, not of its data section: decides the form of the text.
  Task task = Task::kTranslation;

  // `relative_to` is the folder of the recipe. Throws ConfigError; the text files themselves are not opened.
  static DataConfig from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to, Task task = Task::kTranslation);
  nlohmann::json to_json() const;
  // The fields of a recipe that hold paths: "data.cache", "data.train.source", ...
  static std::vector<std::string> path_fields();
};

struct PreparedData {
  TokenizerPair tokenizers;
  std::shared_ptr<const Corpus> train;
  std::shared_ptr<const Corpus> valid;                  // null without validation data
  std::vector<std::string> valid_source, valid_target;  // the raw lines of the kept validation pairs
  CleaningReport train_report, valid_report;
  // The training text, readable again as long as this lives: what can be read only once is a copy.
  SourceConfig train_text;
  std::shared_ptr<const SpooledInput> copies;
  bool reused = false;  // nothing had to be built
};

// `given`: use these tokenisers instead of learning some (resuming, fine-tuning); empty pointers otherwise.
// `log` receives one line per stage ("tokeniser: 8000 pieces learned from 58000 lines"); `progress` shows the long ones live. Pipes and
// standard input are copied first, since text is read twice. A second program that prepares in the same folder waits for the first. Throws
// ConfigError, DataError.
PreparedData prepare_data(const DataConfig& config, const std::filesystem::path& cache, const TokenizerPair& given,
                          const std::function<void(const std::string&)>& log, Progress* progress = nullptr);

// The recipe's "task"; translation where there is none. Throws ConfigError with the accepted names.
Task task_of(const nlohmann::json& recipe);

// "prepared/NAME" beside the recipe NAME.json.
std::filesystem::path default_cache(const std::filesystem::path& recipe);

}  // namespace attnzoo
