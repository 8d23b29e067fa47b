#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/registry.h"
#include "train/compute_rate.h"
#include "train/generators.h"
#include "train/penalty.h"
#include "train/pointer_loss.h"

namespace attnzoo {
namespace {

constexpr int64_t kMaxNonfiniteInRow = 10;
// Weight of the past in the live line's sums, a step.
constexpr double kFading = 0.95;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

}  // namespace

struct Trainer::StepSums {
  LossSums loss;
  int64_t num_batches = 0, num_source_tokens = 0;
  double gradient_norm = 0;
  bool clipped = false;
  double seconds = 0;
};

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
  if (config_.ema_decay > 0) average_ = std::make_unique<WeightAverage>(parameters_, config_.ema_decay);
}

Trainer::~Trainer() = default;

void Trainer::say(const std::string& line) const {
  if (options_.progress != nullptr) options_.progress->line(line);
}

void Trainer::note_time() { state_.elapsed_s = elapsed_before_ + seconds_since(begin_); }

void Trainer::restore(const CheckpointContents& contents, const std::string& where) {
  const auto tensors = [&](const char* name) -> const NamedTensors& {
    const auto found = contents.extra_tensors.find(name);
    if (found == contents.extra_tensors.end())
      fail<CheckpointError>("{}: has no {}.safetensors, so training cannot go on from it", where, name);
    return found->second;
  };
  const auto state = contents.extra_json.find("train_state");
  if (state == contents.extra_json.end()) fail<CheckpointError>("{}: has no train_state.json, so training cannot go on from it", where);
  state_ = TrainState::from_json(state->second, where + "/train_state.json");
  set_model_weights(*model_, contents.weights, where);
  const bool was_averaged = contents.extra_tensors.count("training_weights") > 0;
  if (average_) average_->restart();
  if (was_averaged) {
    // Buffers are not averaged, so they are not among the trained weights.
    NamedTensors trained = contents.weights;
    for (const auto& [name, tensor] : tensors("training_weights")) trained[name] = tensor;
    set_model_weights(*model_, trained, where);
  }
  optimizer_->set_state(tensors("optimizer"), where);
  set_generator_states(tensors("generator"), options_.device, where);
  saved_step_ = state_.step;
}

void Trainer::open_stream_and_log() {
  stream_ = std::make_unique<BatchStream>(data_.train, config_.batch, static_cast<uint64_t>(config_.seed), state_.stream_position);
  log_ = std::make_unique<TrainLog>(run_.log(), state_.step);
  if (state_.step == 0) log_->write({{"event", "start"}, {"step", 0}, {"elapsed_s", 0.0}, {"parameters", num_parameters(*model_)}});
}

double Trainer::learning_rate(int64_t step) const {
  return learning_rate_at(config_.schedule, config_.learning_rate, config_.max_steps, step, state_.plateau);
}

Trainer::StepSums Trainer::train_step() {
  const auto begin = Clock::now();
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
  sums.seconds = seconds_since(begin);
  return sums;
}

void Trainer::apply_gradients(StepSums& sums) {
  const auto timer = state_.time.time(Phase::kOptimizer);
  const int64_t step = state_.step + 1;
  add_penalty_gradients(parameters_, config_.loss.l1, config_.loss.l2);
  sums.gradient_norm = gradient_norm(parameters_);
  if (std::isfinite(sums.gradient_norm) && std::isfinite(sums.loss.loss)) {
    sums.clipped = config_.clip_norm > 0 && sums.gradient_norm > config_.clip_norm;
    optimizer_->step(learning_rate(step), sums.clipped ? config_.clip_norm / sums.gradient_norm : 1.0);
    if (average_) average_->update(step);
    state_.nonfinite_in_row = 0;
  } else {
    ++state_.num_nonfinite;
    if (++state_.nonfinite_in_row >= kMaxNonfiniteInRow)
      fail<Error>(
          "training: the gradient was not finite in {} steps in a row (step {}, loss {}); lower train.learning_rate ({}) or "
          "train.clip_norm ({})",
          state_.nonfinite_in_row, step, sums.loss.loss_per_token(), config_.learning_rate, config_.clip_norm);
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
  const bool finite = std::isfinite(sums.gradient_norm) && std::isfinite(sums.loss.loss);
  auto& window = state_.window;
  if (finite) {
    window.loss += sums.loss;
    window.gradient_norm += sums.gradient_norm;
  }
  window.num_batches += sums.num_batches;
  window.num_steps += 1;
  window.num_source_tokens += sums.num_source_tokens;
  window.seconds += sums.seconds;
  window.num_clipped += sums.clipped ? 1 : 0;

  // The live line follows the last twenty steps or so.
  const auto fade = [](auto& sum, auto value) {
    sum = static_cast<std::decay_t<decltype(sum)>>(kFading * static_cast<double>(sum)) + value;
  };
  if (finite) {
    fade(recent_.loss.loss, sums.loss.loss);
    fade(recent_.loss.nll, sums.loss.nll);
    fade(recent_.loss.num_tokens, sums.loss.num_tokens);
  }
  fade(recent_.num_source_tokens, sums.num_source_tokens);
  fade(recent_.seconds, sums.seconds);
  recent_.num_steps += 1;
}

namespace {

Report make_report(const ReportWindow& window, const TrainState& state, const TrainConfig& config, const BatchStream& stream,
                   double learning_rate) {
  Report report;
  report.step = state.step;
  report.max_steps = config.max_steps;
  report.epoch = stream.epoch() + 1;
  report.loss = window.loss.loss_per_token();
  report.perplexity = window.loss.perplexity();
  report.learning_rate = learning_rate;
  report.num_batches = window.num_batches;
  report.num_source_tokens = window.num_source_tokens;
  report.num_target_tokens = window.loss.num_tokens;
  report.seconds = window.seconds;
  report.elapsed_s = state.elapsed_s;
  return report;
}

}  // namespace

void Trainer::report() {
  const auto& window = state_.window;
  if (window.num_steps == 0) return;
  Report report = make_report(window, state_, config_, *stream_, learning_rate(state_.step));
  report.gradient_norm = window.gradient_norm / static_cast<double>(window.num_steps);
  report.eta_s = estimate_remaining(config_, state_, window.seconds / static_cast<double>(window.num_steps), stream_->epoch_batches());
  auto entry = report.to_json();
  entry["clipped"] = window.num_clipped;
  log_->write(entry);
  if (options_.on_report) options_.on_report(report);
  if (options_.progress != nullptr && !options_.progress->live()) say(report.text());
  state_.window = {};
}

void Trainer::show_progress() {
  if (options_.progress == nullptr || !options_.progress->live()) return;
  options_.progress->update([&] {
    Report report = make_report(recent_, state_, config_, *stream_, learning_rate(state_.step));
    // Fading sums weigh about (1 - f^n) / (1 - f) steps.
    const double num_steps = (1 - std::pow(kFading, static_cast<double>(recent_.num_steps))) / (1 - kFading);
    report.eta_s = estimate_remaining(config_, state_, recent_.seconds / num_steps, stream_->epoch_batches());
    return report.text();
  });
}

bool Trainer::validate_and_save() {
  state_.validation_due = true;
  if (data_.valid && data_.valid->num_pairs() > 0) {
    try {
      const auto timer = state_.time.time(Phase::kValidation);
      const AveragedWeights averaged(average_.get());
      if (options_.progress != nullptr) options_.progress->clear();
      note_validation(validate(*model_, data_, config_, options_.device, stop_));
    } catch (const Error&) {
      if (!stop_requested()) throw;
      return false;  // `last` is saved with validation_due, so that a resumed run begins with it
    }
  }
  state_.validation_due = false;
  note_time();
  save();
  return true;
}

void Trainer::note_validation(const ValidationResult& result) {
  const bool is_best = state_.best.offer(config_.best_metric, result.metric(config_.best_metric), state_.step);
  const auto& early = config_.early_stopping;
  if (early.patience > 0) {
    const bool improved = state_.early_best.offer(early.metric, result.metric(early.metric), state_.step);
    state_.bad_validations = improved ? 0 : state_.bad_validations + 1;
  }
  const bool cut =
      config_.schedule.kind == "plateau" && update_plateau(config_.schedule, result.metric(config_.schedule.metric), state_.plateau);
  state_.last_validated_step = state_.step;
  auto entry = result.to_json();
  entry.update({{"event", "validation"},
                {"step", state_.step},
                {"epoch", stream_->epoch() + 1},
                {"elapsed_s", state_.elapsed_s},
                {"best", is_best}});
  log_->write(entry);
  say(validation_text(result, state_.step, is_best));
  if (cut) say(fmt::format("learning rate cut to {:.2e}", learning_rate(state_.step + 1)));
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

std::optional<std::string> Trainer::limit_reached() const {
  if (config_.max_steps > 0 && state_.step >= config_.max_steps) return fmt::format("max_steps {} reached", config_.max_steps);
  if (config_.max_time > 0 && state_.elapsed_s >= config_.max_time)
    return fmt::format("max_time {} reached", short_duration(config_.max_time));
  if (config_.max_epochs > 0 && state_.epochs_done >= config_.max_epochs) return fmt::format("max_epochs {} reached", config_.max_epochs);
  const auto& early = config_.early_stopping;
  if (early.patience > 0 && state_.bad_validations >= early.patience)
    return fmt::format("no better {} in {} validations (best {:.2f} at step {})", early.metric, state_.bad_validations,
                       state_.early_best.value, state_.early_best.step);
  return std::nullopt;
}

TrainResult Trainer::run() {
  open_stream_and_log();
  elapsed_before_ = state_.elapsed_s;
  begin_ = Clock::now();

  TrainResult result;
  bool interrupted = state_.validation_due && !validate_and_save();
  std::optional<std::string> limit = limit_reached();
  while (!limit && !interrupted && !stop_requested()) {
    count_step(train_step());
    note_time();
    if (state_.step % config_.report_every == 0) report();
    show_progress();
    if (due_for_validation()) interrupted = !validate_and_save();
    note_time();
    limit = limit_reached();
  }
  if (limit && !interrupted && saved_step_ != state_.step) {
    report();
    validate_and_save();
  }
  if (saved_step_ != state_.step || interrupted) save();
  note_time();
  result.stopped = !limit;
  result.reason = limit.value_or("stopped");
  finish(result);
  return result;
}

void Trainer::finish(TrainResult& result) {
  result.step = state_.step;
  result.best = state_.best;
  log_->write({{"event", "end"},
               {"step", state_.step},
               {"elapsed_s", state_.elapsed_s},
               {"reason", result.reason},
               {"seconds", state_.time.to_json()}});
  const double rate = options_.measure_matmul_rate && !result.stopped ? measure_matmul_rate(options_.device) : 0;
  const double flops = MatmulParameters(*model_).training_flops(state_.num_source_tokens, state_.num_target_tokens);
  say(fmt::format("{}: {}", result.stopped ? "stopped" : "finished", result.reason));
  say(summary_text(state_, flops, rate));
  if (state_.best.known) say(fmt::format("best {} {:.2f} at step {}", config_.best_metric, state_.best.value, state_.best.step));
}

std::unique_ptr<Trainer> make_trainer(const TrainingRecipe& recipe, const RunFolder& run, const TrainerOptions& options,
                                      const CheckpointContents* resume, const std::string& where, const CheckpointContents* initial) {
  const auto log = [&](const std::string& line) {
    if (options.progress != nullptr) options.progress->line(line);
  };
  const auto cache = recipe.data.cache.empty() ? run.prepared() : std::filesystem::path(recipe.data.cache);
  const auto* given = resume != nullptr ? resume : initial;
  PreparedData data = prepare_data(recipe.data, cache, given != nullptr ? given->tokenizers : TokenizerPair{}, log, options.progress);
  const auto& [source, target] = data.tokenizers;
  const VocabularySizes sizes{source->vocabulary_size(), target->vocabulary_size(), data.tokenizers.joint()};
  if (given != nullptr) check_model_weights(recipe.model, sizes, given->weights, where);
  torch::manual_seed(static_cast<uint64_t>(recipe.train.seed));
  auto model = build_model(recipe.model, sizes);
  log(fmt::format("model: {} with {} parameters", recipe.model.value("family", ""),
                  short_count(static_cast<double>(num_parameters(*model)))));
  if (initial != nullptr) {
    set_model_weights(*model, initial->weights, where);
    log(fmt::format("weights and tokenisers: those of {}", where));
  }
  auto trainer = std::make_unique<Trainer>(recipe, run, std::move(data), std::move(model), options);
  if (resume != nullptr) trainer->restore(*resume, where);
  return trainer;
}

}  // namespace attnzoo
