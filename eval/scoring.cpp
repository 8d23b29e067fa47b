#include "eval/scoring.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/error.h"
#include "data/extended_vocabulary.h"
#include "data/parallel.h"
#include "data/progress.h"
#include "data/special_tokens.h"
#include "eval/label_logits.h"
#include "eval/row_top_k.h"
#include "models/copying.h"

namespace attnzoo {
namespace {

// Positions that pass the output layer together: a few megabytes of logits, enough rows for a fast matrix product.
constexpr int64_t kChunkRows = 256;

struct RowScore {
  double log_probability = 0;
  bool correct = false;
};

void score_rows(const torch::Tensor& logits_PV, const torch::Tensor& targets_P, RowScore* scores) {
  const int64_t num_rows = logits_PV.size(0), num_logits = logits_PV.size(1);
  if (!logits_PV.is_cpu()) {
    const auto log_probability_PV = at::log_softmax(logits_PV, -1, torch::kFloat);
    const auto picked = log_probability_PV.gather(1, targets_P.unsqueeze(1)).squeeze(1).to(torch::kCPU, torch::kDouble);
    const auto correct = log_probability_PV.argmax(1).eq(targets_P).cpu();
    for (int64_t p = 0; p < num_rows; ++p) scores[p] = {picked.const_data_ptr<double>()[p], correct.const_data_ptr<bool>()[p]};
    return;
  }
  const auto logits = logits_PV.to(torch::kFloat).contiguous();
  const float* rows = logits.const_data_ptr<float>();
  const int64_t* targets = targets_P.const_data_ptr<int64_t>();
  parallel_for(0, num_rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const float* row = rows + p * num_logits;
      const float of_target = row[targets[p]];
      scores[p].log_probability = std::min(static_cast<double>(of_target) - row_log_sum_exp(row, num_logits), 0.0);
      scores[p].correct = of_target >= *std::max_element(row, row + num_logits);
    }
  });
}

// Ids of targets index rows of logits, unchecked there.
void check_targets(const torch::Tensor& targets_P, int64_t num_logits) {
  if (targets_P.numel() == 0) return;
  const auto [lowest, highest] = targets_P.aminmax();
  const auto low = lowest.item<int64_t>(), high = highest.item<int64_t>();
  if (low < 0 || high >= num_logits)
    fail<DataError>("scoring: a target has the id {}; this model has logits for 0 to {}; its text was prepared for another model",
                    low < 0 ? low : high, num_logits - 1);
}

// Token ids in memory behind the interface of a prepared corpus.
class TokenizedPairs : public Corpus {
 public:
  std::vector<std::vector<int32_t>> sources, targets;
  bool labels = false;

  bool has_labels() const override { return labels; }
  int64_t num_pairs() const override { return static_cast<int64_t>(sources.size()); }
  std::span<const int32_t> source(int64_t pair) const override { return sources[static_cast<size_t>(pair)]; }
  std::span<const int32_t> target(int64_t pair) const override { return targets[static_cast<size_t>(pair)]; }
  int64_t line(int64_t pair) const override { return pair + 1; }
  int64_t num_source_tokens() const override { return count(sources); }
  int64_t num_target_tokens() const override { return count(targets); }
  std::string digest() const override { return {}; }

 private:
  static int64_t count(const std::vector<std::vector<int32_t>>& side) {
    int64_t total = 0;
    for (const auto& ids : side) total += static_cast<int64_t>(ids.size());
    return total;
  }
};

}  // namespace

// Of no tokens 0 / 0, which is not a number.
double ScoreTotals::loss() const { return negative_log_likelihood / static_cast<double>(num_tokens); }
double ScoreTotals::perplexity() const { return std::exp(loss()); }
double ScoreTotals::accuracy() const { return static_cast<double>(num_correct) / static_cast<double>(num_tokens); }

ScoreTotals& ScoreTotals::operator+=(const ScoreTotals& other) {
  negative_log_likelihood += other.negative_log_likelihood;
  num_tokens += other.num_tokens;
  num_correct += other.num_correct;
  num_sentences += other.num_sentences;
  if (loss_at.size() < other.loss_at.size()) {
    loss_at.resize(other.loss_at.size());
    tokens_at.resize(other.loss_at.size());
  }
  for (size_t t = 0; t < other.loss_at.size(); ++t) {
    loss_at[t] += other.loss_at[t];
    tokens_at[t] += other.tokens_at[t];
  }
  return *this;
}

double log_probability_of(const TokenScores& tokens) { return std::accumulate(tokens.begin(), tokens.end(), 0.0); }

std::vector<TokenScores> score_batch(const InferenceModel& model, const Batch& batch, ScoreTotals& totals) {
  const at::NoGradGuard no_grad;
  const auto forced = model->forward_states(batch);
  const auto& states_PD = forced.states_PD;
  const auto targets_P = packed_targets_P(batch);
  check_targets(targets_P, model->output_weight_VD().size(0) + (forced.copy ? forced.copy->source_PS.size(1) : 0));
  std::vector<RowScore> rows(static_cast<size_t>(states_PD.size(0)));
  for (int64_t begin = 0; begin < states_PD.size(0); begin += kChunkRows) {
    const int64_t num_rows = std::min(kChunkRows, states_PD.size(0) - begin);
    auto logits = model->logits(states_PD.narrow(0, begin, num_rows));
    if (forced.copy) logits = copy_logits(logits, forced.copy->narrow(begin, num_rows), model->frozen());
    const auto targets = targets_P.narrow(0, begin, num_rows);
    // A label that training did not see keeps the share of <unk>: of a probability of 0, a mean would be infinite.
    if (model->says_label()) logits = at::where(targets.eq(kUnkId).unsqueeze(1), logits, label_logits(logits));
    score_rows(logits, targets, rows.data() + begin);
  }

  ScoreTotals of_batch;
  std::vector<TokenScores> scores;
  size_t row = 0;
  of_batch.loss_at.resize(static_cast<size_t>(batch.target_out_BT.size(1)));
  of_batch.tokens_at.resize(of_batch.loss_at.size());
  for (int64_t b = 0; b < batch.target_length_B.size(0); ++b) {
    double sum = 0;
    TokenScores tokens;
    const auto length = static_cast<size_t>(batch.target_length_B.const_data_ptr<int64_t>()[b]);
    for (size_t t = 0; t < length; ++t, ++row) {
      sum += rows[row].log_probability;
      tokens.push_back(rows[row].log_probability);
      of_batch.loss_at[t] -= rows[row].log_probability;
      ++of_batch.tokens_at[t];
      of_batch.num_correct += rows[row].correct;
    }
    scores.push_back(std::move(tokens));
    of_batch.negative_log_likelihood -= sum;
  }
  of_batch.num_tokens = static_cast<int64_t>(rows.size());
  of_batch.num_sentences = static_cast<int64_t>(scores.size());
  if (!std::isfinite(of_batch.negative_log_likelihood))
    fail<Error>("scoring: the model's logits are not numbers; its training diverged or its weights are damaged");
  totals += of_batch;
  return scores;
}

ScoreTotals score_corpus(const InferenceModel& model, const Corpus& corpus, const BatchConfig& batches, torch::Device device,
                         std::vector<TokenScores>* scores, const std::function<void(int64_t)>& on_progress, const std::atomic<bool>* stop) {
  ScoreTotals totals;
  if (scores != nullptr) scores->assign(static_cast<size_t>(corpus.num_pairs()), {});
  for (const auto& pair_ids : plan_in_order(corpus, batches)) {
    if (stop != nullptr && *stop) fail<Error>("scoring: stopped after {} of {} pairs", totals.num_sentences, corpus.num_pairs());
    const auto batch = make_batch(corpus, pair_ids);
    auto of_batch = score_batch(model, device.is_cpu() ? batch : batch.to(device), totals);
    for (size_t b = 0; scores != nullptr && b < of_batch.size(); ++b) (*scores)[static_cast<size_t>(pair_ids[b])] = std::move(of_batch[b]);
    if (on_progress) on_progress(totals.num_sentences);
  }
  return totals;
}

ScoreTotals score_text(const InferenceModel& model, const TokenizerPair& tokenizers, std::span<const std::string> sources,
                       std::span<const std::string> targets, int64_t max_source_tokens, const BatchConfig& batches, torch::Device device,
                       std::vector<TokenScores>* scores, const std::function<void(int64_t)>& on_progress, const std::atomic<bool>* stop) {
  if (sources.size() != targets.size())
    fail<DataError>("scoring: {} and {}; equal counts are needed", counted(static_cast<int64_t>(sources.size()), "source"),
                    counted(static_cast<int64_t>(targets.size()), "target"));
  TokenizedPairs pairs;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (model->copies()) {
      const ExtendedSource source(*tokenizers.source, sources[i], max_source_tokens);
      pairs.sources.push_back(source.ids());
      pairs.targets.push_back(source.encode_target(targets[i]));
      continue;
    }
    pairs.sources.push_back(model->reads_source() ? tokenizers.source->encode(sources[i]) : std::vector<int32_t>());
    pairs.targets.push_back(tokenizers.target->encode(targets[i]));
    if (static_cast<int64_t>(pairs.sources.back().size()) > max_source_tokens)
      pairs.sources.back().resize(static_cast<size_t>(max_source_tokens));
  }
  pairs.labels = model->says_label();
  return score_corpus(model, pairs, batches, device, scores, on_progress, stop);
}

}  // namespace attnzoo
