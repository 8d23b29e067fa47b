// Greedy and beam search and sampling over any Seq2SeqModel. One search for every family; it knows only the four verbs.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "data/bounds.h"
#include "eval/sampling.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

// The ranges of SearchOptions, for fields and for command-line options.
struct SearchBounds {
  static constexpr IntegerBounds kBeam{1, 1000}, kLength{1, 100000}, kMinLength{0, 100000}, kNgram{0, 1000}, kTopK{0, 100'000'000};
  static constexpr RealBounds kLengthPenalty{0, 100}, kLengthRatio{0, 1000}, kPatience{0, std::numeric_limits<double>::infinity(), true},
      kTemperature{0, 1000, true}, kTopP{0, 1, true};
};

struct SearchOptions {
  // Hypotheses kept alive a sentence; 1 is greedy search.
  int64_t beam = 5;
  // Hypotheses returned a sentence, best first; at most `beam`, but for sampling.
  int64_t n_best = 1;
  // Exponent a of the length normalisation score = log p(y) / ((5 + |y|) / 6)^a, </s> counted (Wu et al. 2016, eq. 14); 0 switches it off.
  double length_penalty = 1.0;
  // Target tokens, </s> not counted. A hypothesis that reaches the maximum is ended there and flagged `truncated`.
  // The maximum of a sentence is min(max_length, max_length_ratio * source tokens + 10); without a source max_length, for a label 1.
  int64_t min_length = 0;
  int64_t max_length = 256;
  double max_length_ratio = 3.0;
  // No n-gram of this many tokens occurs twice in a hypothesis; 0 switches it off (Paulus et al. 2017, 2.5).
  int64_t no_repeat_ngram = 0;
  // A sentence is done when patience * beam of its hypotheses have ended (Kasai et al. 2022; 1 is the usual first come, first served), and
  // before that as soon as no live one can overtake the n_best best. Infinity searches until that is certain.
  double patience = 1.0;
  // Draws n_best samples a sentence instead of searching; `beam` and `patience` say nothing then.
  bool sample = false;
  SamplingOptions sampling;
  int64_t seed = 1;
  // Keep the attention weights of each hypothesis.
  bool want_attention = false;

  std::vector<std::string> problems() const;  // empty when valid
};

struct Hypothesis {
  std::vector<int32_t> ids;    // without <s> and </s>
  double log_probability = 0;  // sum over the tokens, </s> included
  double score = 0;            // log_probability after length normalisation: what hypotheses are ranked by
  bool truncated = false;      // ended by the maximum length, not by </s> (a label always ends after one token)
  torch::Tensor attention_TS;  // undefined unless asked for; T includes the step that gave </s>
};

// What one row of a search begins with.
struct SearchStart {
  std::vector<int32_t> prefix;  // target tokens that are given; a hypothesis has them too, its probability and length are without
  uint64_t text = 0;            // which text it is, for sampling: equal numbers draw alike
};

// n_best hypotheses (fewer where the model has fewer, never none) for each row of source_BS, best first. Each row's result depends on that
// row alone: not on the batch it stands in, its place there, or the padding. <pad> and <s> are never produced. No gradient is recorded.
// `starts` is empty or has one entry a row. Throws ConfigError for options that have problems(), Error for a model whose logits are not
// numbers.
std::vector<std::vector<Hypothesis>> search(Seq2SeqModel& model, const torch::Tensor& source_BS, const SearchOptions& options,
                                            std::span<const SearchStart> starts = {});

}  // namespace attnzoo
