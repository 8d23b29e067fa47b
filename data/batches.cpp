#include "data/batches.h"

#include <torch/types.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/epoch_plan.h"
#include "data/error.h"
#include "data/json_fields.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

std::vector<std::vector<int64_t>> unpacked(const EpochPlan& plan) {
  std::vector<std::vector<int64_t>> batches;
  batches.reserve(static_cast<size_t>(plan.num_batches()));
  for (int64_t i = 0; i < plan.num_batches(); ++i) batches.emplace_back(plan.batch(i).begin(), plan.batch(i).end());
  return batches;
}

// A checksum says that the file is as it was written, this that what was written can be trained on: no <pad>, <s>, </s> inside.
void check_ids(const Corpus& corpus, int64_t pair, const char* side, std::span<const int32_t> ids) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] >= kNumSpecialTokens || ids[i] == kUnkId) continue;
    fail<DataError>(
        "{}: the pair of line {} has id {} at token {} of its {}; ids in a corpus are {} (<unk>) or {} and above: prepare it again",
        corpus.name(), corpus.line(pair), ids[i], i, side, kUnkId, kNumSpecialTokens);
  }
}

// Rows of one [B, columns] int64 tensor, filled with <pad>.
class Rows {
 public:
  Rows(int64_t num_rows, int64_t num_columns)
      : tensor_(torch::full({num_rows, num_columns}, kPadId, torch::kInt64)),
        first_(tensor_.data_ptr<int64_t>()),
        num_columns_(num_columns) {}
  int64_t* row(int64_t index) { return first_ + index * num_columns_; }
  const torch::Tensor& tensor() const { return tensor_; }

 private:
  torch::Tensor tensor_;
  int64_t* first_;
  int64_t num_columns_;
};

}  // namespace

BatchConfig BatchConfig::from_json(const nlohmann::json& fields) {
  BatchConfig config;
  FieldReader reader(fields, "train.batch");
  reader.read("batch_tokens", config.batch_tokens);
  reader.read("batch_sentences", config.batch_sentences);
  reader.read("bucket_window", config.bucket_window);
  if (config.batch_tokens < 1) reader.problem("batch_tokens", fmt::format("must be 1 or more, got {}", config.batch_tokens));
  if (config.batch_tokens > kMaxBatchTokens)
    reader.problem("batch_tokens", fmt::format("must be at most {}, got {}", kMaxBatchTokens, config.batch_tokens));
  if (config.batch_sentences < 0)
    reader.problem("batch_sentences", fmt::format("must be 0 (no bound) or more, got {}", config.batch_sentences));
  if (config.bucket_window < 0)
    reader.problem("bucket_window", fmt::format("must be 0 (sort the whole epoch) or more, got {}", config.bucket_window));
  reader.finish();
  return config;
}

nlohmann::json BatchConfig::to_json() const {
  return {{"batch_tokens", batch_tokens}, {"batch_sentences", batch_sentences}, {"bucket_window", bucket_window}};
}

std::vector<std::vector<int64_t>> plan_epoch(const Corpus& corpus, const BatchConfig& config, uint64_t seed, int64_t epoch) {
  return unpacked(EpochPlanner(corpus, config).plan(seed, epoch));
}

std::vector<std::vector<int64_t>> plan_in_order(const Corpus& corpus, const BatchConfig& config) {
  return unpacked(EpochPlanner(corpus, config).plan_in_order());
}

Batch make_batch(const Corpus& corpus, std::span<const int64_t> pair_ids) {
  const auto num_rows = static_cast<int64_t>(pair_ids.size());
  size_t max_source = 0, max_target = 0;
  for (const int64_t pair : pair_ids) {
    max_source = std::max(max_source, corpus.source(pair).size());
    max_target = std::max(max_target, corpus.target(pair).size());
  }
  // A label is said in one step; a sentence in one more than it has tokens, for </s>.
  const bool labels = corpus.has_labels();
  const auto target_steps = [&](size_t num_tokens) { return labels ? int64_t{1} : static_cast<int64_t>(num_tokens) + 1; };
  Rows source_BS(num_rows, static_cast<int64_t>(max_source) + 1), target_in_BT(num_rows, target_steps(max_target)),
      target_out_BT(num_rows, target_steps(max_target));
  Batch batch;
  batch.source_length_B = torch::empty({num_rows}, torch::kInt64);
  batch.target_length_B = torch::empty({num_rows}, torch::kInt64);
  auto* const source_length = batch.source_length_B.data_ptr<int64_t>();
  auto* const target_length = batch.target_length_B.data_ptr<int64_t>();
  for (int64_t row = 0; row < num_rows; ++row) {
    const int64_t pair = pair_ids[static_cast<size_t>(row)];
    const auto source = corpus.source(pair), target = corpus.target(pair);
    check_ids(corpus, pair, "source", source);
    check_ids(corpus, pair, "target", target);
    *std::copy(source.begin(), source.end(), source_BS.row(row)) = kEosId;
    target_in_BT.row(row)[0] = kBosId;
    if (labels) {
      if (target.size() != 1)
        fail<DataError>("{}: the pair of line {} has a target of {} tokens where a label is needed: prepare it again", corpus.name(),
                        corpus.line(pair), target.size());
      target_out_BT.row(row)[0] = target[0];
    } else {
      std::copy(target.begin(), target.end(), target_in_BT.row(row) + 1);
      *std::copy(target.begin(), target.end(), target_out_BT.row(row)) = kEosId;
    }
    source_length[row] = static_cast<int64_t>(source.size()) + 1;
    target_length[row] = target_steps(target.size());
    batch.num_source_tokens += source_length[row];
    batch.num_target_tokens += target_length[row];
  }
  batch.source_BS = source_BS.tensor();
  batch.target_in_BT = target_in_BT.tensor();
  batch.target_out_BT = target_out_BT.tensor();
  batch.pair_ids.assign(pair_ids.begin(), pair_ids.end());
  return batch;
}

}  // namespace attnzoo
