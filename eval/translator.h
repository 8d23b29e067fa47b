// Lines of text in, as many translations out, in the same order: tokenises, sorts by length, batches, searches on worker threads.
#pragma once

#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/tokenizer.h"
#include "eval/search.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

struct TranslateOptions {
  SearchOptions search;
  // Sentences a batch; the output does not depend on it.
  int64_t batch_size = 32;
  // Workers of one thread each (CPU): faster than one worker of many threads.
  int64_t num_threads = 1;
  // A source longer than this is cut to it and flagged; never dropped.
  int64_t max_source_tokens = 1024;
  // The number of the first line, for sampling: what is drawn for a line depends on its number.
  int64_t first_line = 0;
  torch::Device device = torch::kCPU;

  std::vector<std::string> problems() const;  // of the search options too; empty when valid
};

struct Translation {
  std::string text;                      // of the best hypothesis
  std::vector<std::string> n_best_text;  // of every hypothesis, the best first
  std::vector<Hypothesis> hypotheses;
  bool source_truncated = false;
};

// Of the best hypotheses. Several calls may add to one report.
struct TranslateReport {
  int64_t num_sentences = 0, num_target_tokens = 0, num_truncated_sources = 0, num_truncated_targets = 0;
  double seconds = 0;  // tokenising and searching, loading excluded
};

// The model is in eval(), on the options' device. Throws ConfigError for options that have problems(); what a worker throws comes out here.
//
// A blank line (is_blank() of data/utf8.h) gives an empty translation without running the model. A classifier's translation is the label, of
// every line; a language model continues the line, or starts from nothing where it is blank. `on_progress(done)` may be empty; it is called from one
// thread at a time. A set `stop` ends the work early with an Error.
std::vector<Translation> translate(Seq2SeqModel& model, const TokenizerPair& tokenizers, std::span<const std::string> lines,
                                   const TranslateOptions& options, TranslateReport* report = nullptr,
                                   const std::function<void(int64_t)>& on_progress = {}, const std::atomic<bool>* stop = nullptr);

}  // namespace attnzoo
