// The loop of a search: which sentences are rows of the model's state, what a step does with them, and who takes the place of those that
// are done.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "eval/search.h"
#include "eval/sentence_beam.h"

namespace attnzoo {

class BatchSearch {
 public:
  BatchSearch(const InferenceModel& model, const SearchOptions& options, const SearchFeed& feed, int64_t num_sentences,
              torch::Device device);
  void run();

 private:
  // A sentence that is searched, or one of the samples of a text.
  struct Sentence {
    size_t text;
    uint64_t sample;
    uint64_t random_text;   // SearchStart::text
    int64_t source_length;  // with </s>
    int64_t first_step;     // the step of this search that was its first
    SentenceBeam beam;
  };

  int64_t max_length(int64_t num_source_tokens) const;
  void fill();
  void admit(const std::vector<SearchText>& texts, int64_t width);
  void step();
  void draw(const torch::Tensor& logits_NV);
  void finish(Sentence& sentence);
  torch::Tensor gather_attention(const std::vector<int32_t>& step_rows, int64_t first_step, int64_t source_length) const;
  torch::Tensor to_device(const std::vector<int64_t>& values) const;

  const InferenceModel& model_;
  const SearchOptions options_;  // of one sample, when sampling
  const int64_t num_samples_;    // of each text
  const SearchFeed& feed_;
  const size_t num_sentences_;  // at once, of different texts
  const torch::Device device_;
  std::vector<SearchText> waiting_;  // from the feed, for which there is no place yet
  bool no_more_ = false;
  size_t num_texts_ = 0;          // that were admitted
  std::vector<Sentence> active_;  // in the order of their rows
  Memory memory_;
  State state_;
  int64_t num_steps_ = 0;
  std::deque<torch::Tensor> attention_;  // [N, S] of each of the last steps
  struct Samples {
    std::vector<Hypothesis> hypotheses;  // in the order of the samples
    int64_t num_done = 0;
  };
  std::map<size_t, Samples> samples_;  // of texts that are not done
  std::vector<std::vector<int32_t>> banned_;
  std::vector<std::vector<RankedToken>> best_;
};

}  // namespace attnzoo
