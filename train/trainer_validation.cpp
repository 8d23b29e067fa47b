// Validation in the course of training: when it is interrupted, and what its result decides.
#include <nlohmann/json.hpp>
#include <typeinfo>

#include "data/error.h"
#include "train/trainer.h"

namespace attnzoo {

bool Trainer::validate_and_save(bool due) {
  state_.validation_due = due;
  if (due) state_.last_validation = state_.step;
  if (data_.valid && data_.valid->num_pairs() > 0) {
    try {
      const auto timer = state_.time.time(Phase::kValidation);
      const AveragedWeights averaged(average_.get());
      if (options_.progress != nullptr) options_.progress->clear();
      note_validation(validate(*model_, data_, config_, options_.device, stop_), due);
    } catch (const Error& error) {
      // `last` is saved with validation_due, so that a resumed run begins with this validation.
      if (stop_requested()) return false;
      // A plain Error is the scorer's, about outputs that are not numbers; other kinds are about files and settings.
      if (typeid(error) != typeid(Error)) throw;
      fail_diverged("the model's outputs on the validation text are not numbers");
    }
  }
  state_.validation_due = false;
  note_time();
  save();
  write_report();
  return true;
}

void Trainer::note_validation(const ValidationResult& result, bool due) {
  const auto value_of = [&](const std::string& metric) { return MetricValue{result.metric(metric), result.metric("loss")}; };
  const bool is_best = state_.best.offer(metrics_.best, value_of(metrics_.best), state_.step);
  if (due && config_.early_stopping.patience > 0) {
    const auto& metric = metrics_.early_stopping;
    state_.bad_validations = state_.early_best.offer(metric, value_of(metric), state_.step) ? 0 : state_.bad_validations + 1;
  }
  const bool cut = due && schedule_.kind == "plateau" && update_plateau(schedule_, value_of(schedule_.metric), state_.plateau);
  auto entry = result.to_json();
  entry.update({{"event", "validation"},
                {"step", state_.step},
                {"epoch", stream_->epoch() + 1},
                {"elapsed_s", state_.elapsed_s},
                {"best", is_best}});
  log_entry(entry);
  if (result.attention_TS.defined())
    to_tensorboard([&](TensorBoardWriter& board) { board.write_attention(state_.step, result.attention_TS); });
  say(validation_text(result, state_.step, is_best));
  if (cut) say(fmt::format("learning rate cut to {:.2e}", learning_rate(state_.step + 1)));
}

}  // namespace attnzoo
