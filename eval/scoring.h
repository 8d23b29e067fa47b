// How probable a model finds given translations: perplexity of a corpus, log-probability of each pair. The output layer runs over a
// few hundred positions at a time, so that no [positions, vocabulary] tensor of a batch is ever held; sums are in double.
#pragma once

#include <torch/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/batches.h"
#include "data/corpus.h"
#include "data/tokenizer.h"
#include "models/inference_model.h"

namespace attnzoo {

struct ScoreTotals {
  double negative_log_likelihood = 0;  // nats, summed over all target tokens
  int64_t num_tokens = 0;              // </s> counted; of a label 1
  int64_t num_correct = 0;             // tokens that the model ranks first
  int64_t num_sentences = 0;
  // By the token's position in its target, from 0: nats, and how many targets have a token there.
  std::vector<double> loss_at;
  std::vector<int64_t> tokens_at;

  // NaN without tokens.
  double loss() const;        // nats per token
  double perplexity() const;  // exp(loss)
  double accuracy() const;    // 0 .. 1
  ScoreTotals& operator+=(const ScoreTotals& other);
};

// Log-probabilities of the tokens of one target, </s> last.
using TokenScores = std::vector<double>;
double log_probability_of(const TokenScores& tokens);  // their sum

// log p of each target token given the source and the tokens before it, per row; added to `totals` too. The batch lies on the model's
// device. Throws Error where the logits are not
// numbers, DataError for a target id that the model has no logit for.
std::vector<TokenScores> score_batch(const InferenceModel& model, const Batch& batch, ScoreTotals& totals);

// Every pair of a corpus, longest first. `scores` may be null; otherwise it gets one list per pair, in corpus order.
// `on_progress(pairs done)` may be empty; a set `stop` ends the work with an Error.
ScoreTotals score_corpus(const InferenceModel& model, const Corpus& corpus, const BatchConfig& batches, torch::Device device,
                         std::vector<TokenScores>* scores = nullptr, const std::function<void(int64_t)>& on_progress = {},
                         const std::atomic<bool>* stop = nullptr);

// The same for text. Throws DataError for unequal counts. Sources of more than max_source_tokens are cut, as in translate().
ScoreTotals score_text(const InferenceModel& model, const TokenizerPair& tokenizers, std::span<const std::string> sources,
                       std::span<const std::string> targets, int64_t max_source_tokens, const BatchConfig& batches, torch::Device device,
                       std::vector<TokenScores>* scores = nullptr, const std::function<void(int64_t)>& on_progress = {},
                       const std::atomic<bool>* stop = nullptr);

}  // namespace attnzoo
