// How a training run is reported: the live line, the plain lines, the validation and the closing summary.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "train/train_config.h"
#include "train/train_state.h"
#include "train/validation.h"

namespace attnzoo {

// One report: what log.jsonl and the plain lines hold. Loss, perplexity and gradient norm are NaN where every step was skipped because it
// was not finite: null in JSON.
struct Report {
  int64_t step = 0, max_steps = 0, epoch = 0;  // epoch counts from 1 here
  double loss = 0, perplexity = 0, learning_rate = 0, gradient_norm = 0;
  bool smoothed = false;  // the loss is that of smoothed labels, of which the perplexity is not the exponential
  int64_t num_batches = 0, num_source_tokens = 0, num_target_tokens = 0;  // since the last report
  double seconds = 0;                                                     // of training steps, since the last report
  double elapsed_s = 0;
  int64_t num_clipped = 0, num_skipped = 0;  // steps, since the last report
  double eta_s = -1;                         // below 0: unknown

  // Tokens per second; NaN in no time.
  double source_rate() const;
  double target_rate() const;
  nlohmann::json to_json() const;
  // "step 1200/10000  epoch 3  loss 3.412  ppl 18.20  lr 7.1e-04  src 9.80k/s  tgt 10.2k/s  ETA 12 min 05 s";
  // "no finite step" in place of loss and perplexity where there was none.
  std::string text() const;
};

// Seconds until the first of the limits is reached at the given pace; -1 without a limit or a pace.
double estimate_remaining(const TrainConfig& config, const TrainState& state, double seconds_per_step, int64_t epoch_batches);

// "validation at step 400: loss 2.913, perplexity 18.41, BLEU 12.3, chrF 35.1 (5 s), the best so far", then the samples.
std::string validation_text(const ValidationResult& result, int64_t step, bool is_best);

// Where the time went, and the share of the machine's matmul rate (omitted where matmul_rate is 0). `flops`: of all training so far.
std::string summary_text(const TrainState& state, bool reads_source, double flops, double matmul_rate);

}  // namespace attnzoo
