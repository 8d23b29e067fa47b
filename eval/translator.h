// Translates lines of text: N lines in, N translations out, in the same order. Tokenises, sorts by length, batches and searches on worker
// threads.
#pragma once

#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/bounds.h"
#include "data/tokenizer.h"
#include "eval/search.h"
#include "models/inference_model.h"

namespace attnzoo {

// The ranges of TranslateOptions beyond SearchBounds.
struct TranslateBounds {
  static constexpr IntegerBounds kBatchSize{1, 100000}, kSourceTokens{1, 1'000'000};
};

struct TranslateOptions {
  SearchOptions search;
  // Sentences per batch; the output does not depend on it.
  int64_t batch_size = 32;
  // Workers on the CPU, of one thread each: faster than one worker with many threads.
  int64_t num_threads = 1;
  // Longer sources are cut to this many tokens and flagged, never dropped.
  int64_t max_source_tokens = 1024;
  // The number of the first line, for sampling: the tokens drawn for a line depend on the seed and the line's number.
  int64_t first_line = 0;
  torch::Device device = torch::kCPU;

  std::vector<std::string> problems() const;  // those of the search options, too; empty when valid
};

// Has at least one hypothesis. That of a line which does not reach the model is empty: no text, no tokens, score 0.
struct Translation {
  std::string text;                      // of the best hypothesis
  std::vector<std::string> n_best_text;  // one per hypothesis
  std::vector<Hypothesis> hypotheses;    // best first
  bool source_truncated = false;
  // The tokens that the attention weights of a hypothesis refer to, one per column: the source with </s>, </s> alone for a language model;
  // empty for a line that does not reach the model.
  std::vector<int32_t> attended_ids;
};

// Counts over the best hypotheses. Several calls may add to one report.
struct TranslateReport {
  int64_t num_sentences = 0, num_target_tokens = 0, num_truncated_sources = 0, num_truncated_targets = 0;
  double seconds = 0;  // tokenising and searching, without loading the model
};

// The model is in eval() mode, on the options' device. Throws ConfigError for options that have problems(), and whatever a worker throws.
//
// A blank line (data/utf8.h) gives an empty translation without reaching the model. A classifier translates every line into a label, and a
// language model continues every line: blank ones, too. `on_progress(done)` may be empty; one thread at a time calls it. Setting `stop`
// ends the work early with an Error.
std::vector<Translation> translate(const InferenceModel& model, const TokenizerPair& tokenizers, std::span<const std::string> lines,
                                   const TranslateOptions& options, TranslateReport* report = nullptr,
                                   const std::function<void(int64_t)>& on_progress = {}, const std::atomic<bool>* stop = nullptr);

}  // namespace attnzoo
