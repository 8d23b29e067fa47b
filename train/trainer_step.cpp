// One training step: batches, forward, loss, backward, update; and what it adds to the state of training.
#include <chrono>
#include <cmath>

#include "train/penalty.h"
#include "train/pointer_loss.h"
#include "train/trainer.h"

namespace attnzoo {

StepSums Trainer::train_step() {
  const auto begin = std::chrono::steady_clock::now();
  StepSums sums;
  // All batches first: the loss is a mean over the target tokens of them all.
  std::vector<Batch> batches;
  int64_t num_target_tokens = 0;
  {
    const auto timer = state_.time.time(Phase::kData);
    while (static_cast<int64_t>(batches.size()) < config_.accumulate) {
      batches.push_back(stream_->next().to(options_.device));
      num_target_tokens += batches.back().num_target_tokens;
      sums.num_source_tokens += batches.back().num_source_tokens;
      if (config_.max_epochs > 0 && stream_->epoch() + 1 >= config_.max_epochs && stream_->epoch_position() >= stream_->epoch_batches())
        break;
    }
  }
  sums.num_batches = static_cast<int64_t>(batches.size());
  const LossOptions loss_options{.smoothing = config_.loss.label_smoothing, .scale = 1.0 / static_cast<double>(num_target_tokens)};
  for (const Batch& batch : batches) {
    TeacherForced forced;
    torch::Tensor loss;
    {
      const auto timer = state_.time.time(Phase::kForward);
      forced = model_->forward_states(batch);
    }
    {
      const auto timer = state_.time.time(Phase::kLoss);
      const auto weight_VD = model_->output_weight_VD(), bias_V = model_->output_bias_V(), targets_P = packed_targets_P(batch);
      loss = forced.copy ? pointer_loss(forced.states_PD, *forced.copy, weight_VD, bias_V, targets_P, loss_options, sums.loss)
                         : label_smoothed_loss(forced.states_PD, weight_VD, bias_V, targets_P, loss_options, sums.loss);
      if (forced.penalty.defined()) loss = loss + loss_options.scale * forced.penalty;
    }
    const auto timer = state_.time.time(Phase::kBackward);
    loss.backward();
  }
  apply_gradients(sums);
  sums.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return sums;
}

void Trainer::apply_gradients(StepSums& sums) {
  const auto timer = state_.time.time(Phase::kOptimizer);
  const int64_t step = state_.step + 1;
  add_penalty_gradients(parameters_, config_.loss.l1, config_.loss.l2);
  sums.gradient_norm = gradient_norm(parameters_);
  sums.skipped = !std::isfinite(sums.gradient_norm) || !std::isfinite(sums.loss.loss);
  if (!sums.skipped) {
    sums.clipped = config_.clip_norm > 0 && sums.gradient_norm > config_.clip_norm;
    optimizer_->step(learning_rate(step), sums.clipped ? config_.clip_norm / sums.gradient_norm : 1.0);
    if (average_) average_->update(step);
  }
  optimizer_->zero_gradients();
}

void Trainer::count_step(const StepSums& sums) {
  ++state_.step;
  state_.stream_position = stream_->position();
  const int64_t epochs_done = stream_->epoch() + (stream_->epoch_position() >= stream_->epoch_batches() ? 1 : 0);
  epoch_ended_ = epochs_done > state_.epochs_done;
  state_.epochs_done = epochs_done;
  state_.num_source_tokens += sums.num_source_tokens;
  state_.num_target_tokens += sums.loss.num_tokens;
  state_.num_nonfinite += sums.skipped ? 1 : 0;
  state_.nonfinite_in_row = sums.skipped ? state_.nonfinite_in_row + 1 : 0;
  state_.window.add(sums);
  recent_.add(sums);
}

}  // namespace attnzoo
