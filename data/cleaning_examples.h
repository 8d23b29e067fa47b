// Which lines a cleaning acted on, and why: the report of preparation has counts and the first pair of each reason, these are more of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/cleaning.h"
#include "data/random.h"
#include "data/task.h"
#include "data/tokenizer.h"

namespace attnzoo {

// A pair of the text, its lines shortened for showing.
struct ShownPair {
  std::string file;
  int64_t file_line = 0;
  std::string source, target;
};
inline constexpr size_t kShownCharacters = 300;
ShownPair shown_pair(const TextPair& pair);

// Repeats the cleaning of a text that was prepared before, with the ids of the kept pairs where these are enough.
class CleaningExamples {
 public:
  static constexpr size_t kPerReason = 5;

  CleaningExamples(const CleaningConfig& config, Task task, const TokenizerPair& tokenizers);
  // Every pair of the text, in its order. `source` and `target`: its ids in the corpus, if it was kept.
  void add(const TextPair& pair, bool kept, std::span<const int32_t> source, std::span<const int32_t> target);
  // Of each of the cleaner's reasons: a random choice of pairs (the same each time), in the order of the text.
  const std::vector<std::vector<ShownPair>>& of_reasons() const { return examples_; }
  const CleaningReport& report() const { return cleaner_.report(); }

 private:
  void note_new_reasons(const TextPair& pair);

  CleaningConfig config_;
  Task task_;
  TokenizerPair tokenizers_;
  PairCleaner cleaner_;
  std::vector<int64_t> counts_;
  std::vector<std::vector<ShownPair>> examples_;
  SplitMix64 random_{20160811};
};

}  // namespace attnzoo
