// From the recipe's "data" section to what training needs: tokenisers, memory-mapped corpora, validation text. Made once in a cache
// folder and reused while inputs and settings are the same; a stale or damaged cache is noticed and remade.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/cleaning.h"
#include "data/corpus.h"
#include "data/sources.h"
#include "data/tokenizer.h"

namespace attnzoo {

// {"train": {"source": F, "target": F}, "valid": {...}, "tokenizer": {...}, "clean": {...}, "cache": DIR}
struct DataConfig {
  SourceConfig train;           // data/sources.h: two files, TSV or JSON lines
  SourceConfig valid;           // may be empty: no validation
  TokenizerConfig tokenizer;
  CleaningConfig clean;         // data/cleaning.h
  // Where prepared corpora are kept; relative to the recipe. Empty: "prepared" beside the recipe... the run folder when training.
  std::string cache;

  static DataConfig from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to);  // throws ConfigError
  nlohmann::json to_json() const;
};

struct PreparedData {
  TokenizerPair tokenizers;
  std::shared_ptr<const Corpus> train;
  std::shared_ptr<const Corpus> valid;                    // null without validation data
  std::vector<std::string> valid_source, valid_target;    // the raw lines of the kept validation pairs
  CleaningReport train_report, valid_report;
  bool reused = false;                                    // nothing had to be made
};

// `given`: use these tokenisers instead of learning some (resuming, fine-tuning); empty pointers otherwise.
// `log` receives one line a stage ("tokeniser: 8000 pieces learned from 58000 lines").
PreparedData prepare_data(const DataConfig& config, const std::filesystem::path& cache, const TokenizerPair& given,
                          const std::function<void(const std::string&)>& log);

}  // namespace attnzoo
