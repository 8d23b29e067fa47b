// Greedy search, beam search and sampling over any model. One search serves every family; it calls encode, start and step only.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/bounds.h"
#include "eval/sampling.h"
#include "eval/search_trace.h"
#include "models/inference_model.h"

namespace attnzoo {

// The ranges of SearchOptions, for fields and for command-line options.
struct SearchBounds {
  static constexpr IntegerBounds kBeam{1, 1000}, kLength{1, 100000}, kMinLength{0, 100000}, kNgram{0, 1000}, kTopK{0, 100'000'000};
  static constexpr RealBounds kLengthPenalty{0, 100}, kLengthRatio{0, 1000}, kPatience{0, std::numeric_limits<double>::infinity(), true},
      kTemperature{0, 1000, true}, kTopP{0, 1, true};
};

struct SearchOptions {
  // Live hypotheses per sentence; 1 is greedy search.
  int64_t beam = 5;
  // Hypotheses returned per sentence, best first. At most `beam`, unless sampling.
  int64_t n_best = 1;
  // Exponent a of the length normalisation score = log p(y) / ((5 + |y|) / 6)^a, where |y| includes </s> (Wu et al. 2016, eq. 14); 0
  // turns it off.
  double length_penalty = 1.0;
  // Target tokens, without </s>. A hypothesis that reaches its maximum ends there and is flagged `truncated`. The maximum of a sentence is
  // min(max_length, max_length_ratio * source tokens + 10), but never below min_length; max_length for a language model, 1 for a label.
  int64_t min_length = 0;
  int64_t max_length = 256;
  double max_length_ratio = 3.0;
  // No n-gram of this many tokens occurs twice in a hypothesis (Paulus et al. 2017, 2.5); 0 turns the rule off.
  int64_t no_repeat_ngram = 0;
  // A sentence is done when patience * beam of its hypotheses, and at least n_best, have ended (Kasai et al. 2022; 1 is the usual rule), or
  // earlier if no live hypothesis can overtake the n_best best. Infinity searches until none can.
  double patience = 1.0;
  // Draw n_best samples per sentence instead of searching; `beam` and `patience` are then ignored.
  bool sample = false;
  SamplingOptions sampling;
  int64_t seed = 1;
  // Return the attention weights of each hypothesis.
  bool want_attention = false;
  // Return how a beam search came to its hypotheses.
  bool want_trace = false;

  std::vector<std::string> problems() const;  // empty when valid
};

struct Hypothesis {
  std::vector<int32_t> ids;                  // without <s> and </s>
  double log_probability = 0;                // sum over the tokens, </s> included
  double score = 0;                          // log_probability after length normalisation; ranks the hypotheses
  bool truncated = false;                    // ended by the maximum length or for want of a token, not by </s>; never set for a label
  torch::Tensor attention_TS;                // undefined unless asked for; one row per token, the last for </s> unless truncated or a label
  std::shared_ptr<const SearchTrace> trace;  // of the best hypothesis, if asked for; null when sampling
};

// Where one row of a search starts.
struct SearchStart {
  std::vector<int32_t> prefix;  // given target tokens: part of the hypothesis, but not of its probability or length
  uint64_t text = 0;            // the number of the text, for sampling: the same number draws the same tokens
};

struct SearchText {
  std::vector<int64_t> source;  // ids with </s>, as a row of Batch::source_BS without its padding; for a model without a source </s>
  SearchStart start;
};

// Where the texts of a search come from, and where their hypotheses go. Called by the thread that searches.
struct SearchFeed {
  std::function<std::vector<SearchText>(size_t at_most)> next;                     // none: there are no more
  std::function<void(size_t text, std::vector<Hypothesis> hypotheses)> take = {};  // texts are counted from 0, as they came from next()
};

// Searches `num_sentences` texts at once. As some are done, others take their place, where the model allows it (Seq2SeqModel::joins());
// else the next ones begin when all are done. Give texts of similar lengths one after the other. See below for the results.
void search(const InferenceModel& model, const SearchOptions& options, const SearchFeed& feed, int64_t num_sentences,
            torch::Device device = torch::kCPU);

// n_best hypotheses for each row of source_BS (ids as in Batch::source_BS), best first: fewer only if the model has fewer, never none. When
// no token may follow a hypothesis (all are banned or have probability 0), it ends there, flagged `truncated`; a beam search ranks it
// behind all others. The result of a row depends on that row alone: not on its batch, its place in it, or the padding. <pad> and <s> are
// never produced. No gradient is recorded. `starts` is empty or has one entry per row. Throws ConfigError for options that have problems(),
// Error for a model whose logits are not numbers.
std::vector<std::vector<Hypothesis>> search(const InferenceModel& model, const torch::Tensor& source_BS, const SearchOptions& options,
                                            std::span<const SearchStart> starts = {});

}  // namespace attnzoo
