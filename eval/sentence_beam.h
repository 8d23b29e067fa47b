// The beam of one sentence: which hypotheses are live, which have ended, and when the search can stop. Knows nothing of tensors or of the
// other sentences in the batch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/row_top_k.h"
#include "eval/search.h"

namespace attnzoo {

// log p(y) / ((5 + |y|) / 6)^a, where |y| includes </s> (Wu et al. 2016, eq. 14).
double normalized_score(double log_probability, int64_t length, double length_penalty);

class SentenceBeam {
 public:
  // max_length: the limit of this sentence. label: the result is one token, a label.
  SentenceBeam(const SearchOptions& options, int64_t max_length, std::vector<int32_t> prefix, bool label);

  struct Live {
    std::vector<int32_t> ids;
    double log_probability = 0;
    std::vector<int32_t> step_rows;  // the decoding row of each step; filled only when attention is wanted
    int32_t node = -1;               // in the trace, when one is wanted
  };
  const std::vector<Live>& live() const { return live_; }
  bool done() const { return done_; }

  // True while tokens of the prefix remain: advance() then takes the next of them, whatever the continuations are.
  bool forced() const { return live_[0].ids.size() < prefix_.size(); }
  // The tokens that may not follow live hypothesis h.
  void banned_after(size_t h, std::vector<int32_t>& banned) const;
  // One step. continuations[h]: the tokens that may follow live hypothesis h, best first, at least 2 * beam of them or all there are; when
  // there are none, the hypothesis ends here. first_row: the decoding row of hypothesis 0. Afterwards parents()[i] is the place that live
  // hypothesis i had before.
  void advance(std::span<const std::vector<RankedToken>> continuations, int64_t first_row);
  const std::vector<int32_t>& parents() const { return parents_; }

  struct Ended {
    Hypothesis hypothesis;
    std::vector<int32_t> step_rows;
    int32_t node = -1;
  };
  // The n_best hypotheses, best first, never none; those that no token may follow come last. Call once, when done.
  std::vector<Ended> take_best();
  // After take_best(): how the search came there; null unless wanted.
  std::shared_ptr<const SearchTrace> take_trace() { return std::move(trace_); }

 private:
  Ended ended(const Live& hypothesis, bool truncated) const;
  int64_t num_generated(const Live& hypothesis) const { return static_cast<int64_t>(hypothesis.ids.size() - prefix_.size()); }
  bool is_decided() const;
  SearchOptions options_;
  int64_t max_length_;
  std::vector<int32_t> prefix_;
  bool label_;
  std::vector<Live> live_{1};
  std::vector<int32_t> parents_;
  std::vector<Ended> ended_;  // by </s> or by the maximum length
  std::vector<Ended> stuck_;  // no token may follow them
  bool done_ = false;
  std::shared_ptr<SearchTrace> trace_;
};

}  // namespace attnzoo
