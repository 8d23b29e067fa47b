#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/registry.h"
#include "train/divergence.h"
#include "train/generators.h"

namespace attnzoo {
namespace {

// So many steps in a row that are not finite are no chance: at any time, and at the end of training. The weights are still those before
// them.
constexpr int64_t kMaxNonfiniteInRow = 10, kMaxNonfiniteAtEnd = 3;

constexpr int64_t kStepsToKnowPace = 10;

}  // namespace

Trainer::Trainer(TrainingRecipe recipe, RunFolder run, PreparedData data, std::shared_ptr<Seq2SeqModel> model, TrainerOptions options)
    : recipe_(std::move(recipe)),
      config_(recipe_.train),
      run_(std::move(run)),
      data_(std::move(data)),
      model_(std::move(model)),
      options_(std::move(options)) {
  model_->to(options_.device);
  model_->train();
  parameters_ = trainable_parameters(*model_);
  optimizer_ = make_optimizer(config_.optimizer, parameters_);
  metrics_ = choose_metrics(config_, data_, model_->says_label(), [this](const std::string& line) { say(line); });
  if (config_.ema_decay > 0) average_ = std::make_unique<WeightAverage>(parameters_, config_.ema_decay);
}

Trainer::~Trainer() = default;

void Trainer::note_time() {
  state_.elapsed_s = elapsed_before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

double Trainer::learning_rate(int64_t step) const {
  return learning_rate_at(schedule_, config_.learning_rate, config_.max_steps, step, state_.plateau);
}

// A resumed run keeps its warm-up: later epochs may have a batch more or fewer.
void Trainer::settle_warmup() {
  schedule_ = config_.schedule;
  if (schedule_.warmup_steps != kAutoWarmup) return;
  if (state_.warmup_steps == 0) state_.warmup_steps = default_warmup(length_);
  schedule_.warmup_steps = state_.warmup_steps;
}

bool Trainer::due_for_validation() const {
  if (config_.validate_every > 0) return state_.step % config_.validate_every == 0;
  return epoch_ended_ && state_.step - state_.last_validation >= kMinStepsBetweenEpochValidations;
}

bool Trainer::open_stream_and_log() {
  try {
    stream_ = std::make_unique<BatchStream>(data_.train, config_.batch, static_cast<uint64_t>(config_.seed), state_.stream_position, stop_);
  } catch (const DataError&) {
    if (!stop_requested()) throw;
    return false;  // while it looked for its place
  }
  log_ = std::make_unique<TrainLog>(run_.log(), state_.step);
  if (config_.tensorboard) {
    try {
      tensorboard_ = std::make_unique<TensorBoardWriter>(run_.path() / "tensorboard", state_.step);
    } catch (const DataError& error) {
      drop_tensorboard(error);
    }
  }
  length_ = run_length(config_, data_.train->num_pairs(), stream_->epoch_batches());
  settle_warmup();
  if (state_.step == 0) {
    for (const auto& line : outlook(config_, length_, schedule_.warmup_steps, item_of(task_named(recipe_.task)))) say(line);
    log_entry(
        {{"event", "start"}, {"step", 0}, {"elapsed_s", 0.0}, {"parameters", num_parameters(*model_)}, {"best_metric", metrics_.best}});
  }
  return true;
}

void Trainer::save() {
  const auto timer = state_.time.time(Phase::kSaving);
  CheckpointContents contents;
  contents.config = recipe_.to_json();
  contents.tokenizers = data_.tokenizers;
  contents.extra_tensors["optimizer"] = optimizer_->state();
  contents.extra_tensors["generator"] = generator_states(options_.device);
  contents.extra_json["train_state"] = state_.to_json();
  const auto directory = run_.checkpoint(state_.step);
  {
    const AveragedWeights averaged(average_.get());
    contents.weights = model_weights(*model_);
    if (average_) contents.extra_tensors["training_weights"] = average_->average();
    check_finite(contents, directory.string(), divergence_advice(config_, saved_step_ >= 0));
    try {
      save_checkpoint(directory, contents);
    } catch (const CheckpointError& error) {
      if (saved_step_ < 0) throw;
      fail<CheckpointError>("{}; the checkpoint of step {} is whole: make room, then continue from it with --resume", error.what(),
                            saved_step_);
    }
  }
  // best before last: if the power fails between the two, a resumed run still finds its best checkpoint. An older one is pointed to as
  // well, for runs whose link was lost in a copy.
  const auto best = run_.checkpoint(state_.best.step);
  std::error_code ignored;
  if (state_.best.known && std::filesystem::is_directory(best, ignored)) point_to_checkpoint(run_.path(), "best", best);
  point_to_checkpoint(run_.path(), "last", directory);
  run_.prune(config_.keep, state_.best.known ? state_.best.step : -1);
  saved_step_ = state_.step;
}

void Trainer::check_convergence(int64_t max_nonfinite) {
  const auto in_row = state_.nonfinite_in_row;
  if (in_row >= max_nonfinite || 2 * in_row >= std::max<int64_t>(state_.step, 1)) {
    fail_diverged(in_row == 1 ? std::string("the loss or its gradient was not finite in the last step")
                              : fmt::format("the loss or its gradient was not finite in the last {} steps", in_row));
  }
  if (!nonfinite_names(parameters_).empty()) fail_diverged("the weights are not finite");
}

void Trainer::fail_diverged(const std::string& what) {
  report();
  log_end("diverged");
  fail<Error>("training diverged at step {}: {}; {}", state_.step, what, divergence_advice(config_, saved_step_ >= 0));
}

std::optional<Trainer::Limit> Trainer::limit_reached() const {
  if (config_.max_steps > 0 && state_.step >= config_.max_steps)
    return Limit{fmt::format("max_steps {} reached", config_.max_steps), fmt::format("--set train.max_steps={}", 2 * state_.step)};
  if (config_.max_time > 0 && state_.elapsed_s >= config_.max_time)
    return Limit{fmt::format("max_time {} reached", short_duration(config_.max_time)),
                 state_.elapsed_s < 60 ? fmt::format("--max-time {:.0f}s", std::ceil(2 * state_.elapsed_s))
                                       : fmt::format("--max-time {:.0f}m", std::ceil(2 * state_.elapsed_s / 60))};
  if (config_.max_epochs > 0 && state_.epochs_done >= config_.max_epochs)
    return Limit{fmt::format("max_epochs {} reached", config_.max_epochs),
                 fmt::format("--set train.max_epochs={}", 2 * state_.epochs_done)};
  const int64_t patience = config_.early_stopping.patience;
  if (patience > 0 && state_.bad_validations >= patience)
    return Limit{fmt::format("no better {} in {} (best {:.2f} at step {})", metrics_.early_stopping,
                             counted(state_.bad_validations, "validation"), state_.early_best.value, state_.early_best.step),
                 fmt::format("--override --set train.early_stopping.patience={}", 2 * state_.bad_validations)};
  return std::nullopt;
}

TrainResult Trainer::run() {
  TrainResult result;
  elapsed_before_ = state_.elapsed_s;
  begin_ = std::chrono::steady_clock::now();
  if (!open_stream_and_log()) {
    result.reason = "stopped";
    result.stopped = true;
    result.step = state_.step;
    result.best = state_.best;
    return result;
  }

  bool interrupted = state_.validation_due && !validate_and_save();
  const int64_t first_step = state_.step;
  std::optional<Limit> limit = limit_reached();
  while (!limit && !interrupted && !stop_requested()) {
    count_step(train_step());
    note_time();
    if (state_.nonfinite_in_row >= kMaxNonfiniteInRow) check_convergence(kMaxNonfiniteInRow);
    if (state_.step == kStepsToKnowPace && elapsed_before_ == 0)
      for (const auto& line : outlook_in_time(config_, length_, schedule_.warmup_steps, recent_.seconds_per_step())) say(line);
    if (state_.step % config_.report_every == 0) report();
    show_progress();
    if (due_for_validation()) interrupted = !validate_and_save();
    note_time();
    limit = limit_reached();
  }
  if (limit && !interrupted) check_convergence(kMaxNonfiniteAtEnd);
  if (limit && !interrupted && saved_step_ != state_.step) {
    report();
    validate_and_save(false);
  }
  if (saved_step_ != state_.step || interrupted) save();
  note_time();
  result.stopped = !limit;
  result.reason = limit ? limit->reason : "stopped";
  result.did_nothing = state_.step == first_step;
  if (limit) result.options_to_go_on = limit->options_to_go_on;
  finish(result);
  return result;
}

}  // namespace attnzoo
