// Subjects of the conformance test: every variant of every registered family, and batches of random sentences.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "models/inference_model.h"
#include "tests/largest_difference.h"

namespace attnzoo::test {

inline constexpr int64_t kVocabulary = 31;

struct Subject {
  std::string name;                                      // "transformer, post-norm"
  std::function<std::shared_ptr<Seq2SeqModel>()> build;  // seeded: the same weights at every call
};
const std::vector<Subject>& subjects();

using Sentence = std::vector<int64_t>;
// Random sentences of 1 .. max_length tokens without special ids; the same for the same seed.
std::vector<Sentence> random_sentences(int64_t count, int64_t max_length, uint64_t seed);
// Padded source ids with </s>, with `extra` columns of padding.
torch::Tensor source_ids(const std::vector<Sentence>& sentences, int64_t extra = 0);
// In the model's form: a language model has no source; a classifier's label is the first target token.
Batch make_test_batch(const Seq2SeqModel& model, std::vector<Sentence> sources, std::vector<Sentence> targets);
// Logits of every target position by stepping the frozen model, packed like forward().
torch::Tensor stepped_logits(const InferenceModel& model, const Batch& batch, int64_t extra_padding = 0);

// Mean negative log-likelihood plus the model's own penalty; smooth in every parameter.
torch::Tensor loss_of(Seq2SeqModel& model, const Batch& batch);

// Equal in every bit. One of a pointer-generator's rows may be longer by impossible words of padding.
bool same_bits(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace attnzoo::test
