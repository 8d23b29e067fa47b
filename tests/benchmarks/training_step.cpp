// Where a training step's time goes, on random sentences with Multi30k's lengths. Not a test: run it on a quiet machine.
//   build/release/bin/bench-training-step '{"family": "transformer", "preset": "small"}' [threads] [seconds]
#include <ATen/Parallel.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "data/special_tokens.h"
#include "models/registry.h"
#include "train/label_smoothed_loss.h"
#include "train/optimizer.h"

namespace {

using namespace attnzoo;
constexpr int64_t kVocabulary = 8000, kBatchTokens = 4096;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Sentences of similar length, as bucketing leaves them; lengths log-normal with a mean of 14.3 source and 14.8 target tokens.
Batch random_batch(std::mt19937& random) {
  std::lognormal_distribution<double> length_of(std::log(13.5), 0.35);
  std::uniform_int_distribution<int> jitter(-2, 2), id(kNumSpecialTokens, kVocabulary - 1);
  const int64_t typical = std::clamp<int64_t>(std::lround(length_of(random)), 5, 40);
  Batch batch;
  std::vector<int64_t> source, target;
  int64_t longest = 0;
  while (longest * static_cast<int64_t>(source.size() + 1) <= kBatchTokens || source.empty()) {
    source.push_back(std::max<int64_t>(2, typical + jitter(random)));
    target.push_back(std::max<int64_t>(2, typical + jitter(random)));
    longest = std::max({longest, source.back(), target.back()});
  }
  const auto rows = static_cast<int64_t>(source.size());
  batch.source_length_B = torch::tensor(source);
  batch.target_length_B = torch::tensor(target);
  batch.source_BS = torch::zeros({rows, *std::max_element(source.begin(), source.end())}, torch::kLong);
  batch.target_in_BT = torch::zeros({rows, *std::max_element(target.begin(), target.end())}, torch::kLong);
  batch.target_out_BT = batch.target_in_BT.clone();
  for (int64_t b = 0; b < rows; ++b) {
    for (int64_t s = 0; s < source[b]; ++s) batch.source_BS[b][s] = id(random);
    for (int64_t t = 0; t < target[b]; ++t) batch.target_in_BT[b][t] = batch.target_out_BT[b][t] = id(random);
    batch.num_source_tokens += source[b];
    batch.num_target_tokens += target[b];
    batch.pair_ids.push_back(b);
  }
  return batch;
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = nlohmann::json::parse(argc > 1 ? argv[1] : R"({"family": "transformer", "preset": "small"})");
  at::set_num_threads(argc > 2 ? std::atoi(argv[2]) : 2);
  const double seconds = argc > 3 ? std::atof(argv[3]) : 15;
  torch::manual_seed(1);
  std::mt19937 random(1);
  std::vector<Batch> batches;
  for (int i = 0; i < 8; ++i) batches.push_back(random_batch(random));
  const auto model = build_model(config, {kVocabulary, kVocabulary, true});
  model->train();
  const auto optimizer = make_optimizer(OptimizerConfig{}, trainable_parameters(*model));
  double forward = 0, loss_time = 0, backward = 0, update = 0, begin = now();
  int64_t tokens = 0, steps = 0;
  LossSums sums;
  for (; now() - begin < seconds; ++steps) {
    if (steps == 4) forward = loss_time = backward = update = 0, tokens = 0, begin = now();  // warm-up is over
    const auto& batch = batches[static_cast<size_t>(steps % 8)];
    const double t0 = now();
    const auto states = model->forward_states(batch).states_PD;
    const double t1 = now();
    auto loss = label_smoothed_loss(states, model->output_weight_VD(), model->output_bias_V(), packed_targets_P(batch),
                                    {0.1, 1.0 / static_cast<double>(batch.num_target_tokens)}, sums);
    const double t2 = now();
    loss.backward();
    const double t3 = now();
    gradient_norm(trainable_parameters(*model));
    optimizer->step(1e-4, 1.0);
    optimizer->zero_gradients();
    const double t4 = now();
    forward += t1 - t0, loss_time += t2 - t1, backward += t3 - t2, update += t4 - t3;
    tokens += batch.num_target_tokens;
  }
  const double total = forward + loss_time + backward + update;
  std::printf("%.0f target tokens/s; %.0f ms a step of %.0f tokens: forward %.0f%%, loss %.0f%%, backward %.0f%%, update %.0f%%\n",
              tokens / total, 1000 * total / (steps - 4), static_cast<double>(tokens) / (steps - 4), 100 * forward / total,
              100 * loss_time / total, 100 * backward / total, 100 * update / total);
}
