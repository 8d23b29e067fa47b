// The training loop: batch, forward, loss, backward, clip, step; reports, validates, saves, stops. Everything it computes is a function of
// the recipe, the data and the seed: a run that is interrupted and resumed gives the same weights bit for bit (CPU, same threads).
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "data/batches.h"
#include "data/prepare.h"
#include "data/progress.h"
#include "models/checkpoint.h"
#include "train/optimizer.h"
#include "train/progress_report.h"
#include "train/run_folder.h"
#include "train/train_log.h"
#include "train/train_state.h"
#include "train/training_recipe.h"
#include "train/weight_average.h"

namespace attnzoo {

struct TrainerOptions {
  torch::Device device = torch::kCPU;
  Progress* progress = nullptr;                  // lines for people; may be null
  std::function<void(const Report&)> on_report;  // may be empty
  bool measure_matmul_rate = true;               // for the closing summary, 0.3 s
};

struct TrainResult {
  std::string reason;    // "max_steps 400 reached", "stopped", ...
  bool stopped = false;  // by `stop`, not by a limit
  int64_t step = 0;
  BestValue best;  // of train.best_metric, where there was a validation
};

class Trainer {
 public:
  // `model`: freshly built, with the vocabulary sizes of data.tokenizers. The caller seeds torch before building it.
  Trainer(TrainingRecipe recipe, RunFolder run, PreparedData data, std::shared_ptr<Seq2SeqModel> model, TrainerOptions options);
  ~Trainer();

  // Goes on from a checkpoint that a trainer wrote. Throws CheckpointError where it does not fit. To be called before run().
  void restore(const CheckpointContents& contents, const std::string& where);

  // When *stop becomes true, run() ends after the step at hand.
  void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }

  // Trains until a limit or a stop; saves; returns. Throws Error after 10 steps in a row whose gradient is not finite.
  TrainResult run();

 private:
  struct StepSums;
  void open_stream_and_log();
  StepSums train_step();
  void apply_gradients(StepSums& sums);
  void count_step(const StepSums& sums);
  void report();
  void show_progress();
  bool due_for_validation() const { return config_.validate_every > 0 ? state_.step % config_.validate_every == 0 : epoch_ended_; }
  // False when it was interrupted by `stop`.
  bool validate_and_save();
  void note_validation(const ValidationResult& result);
  void save();
  void finish(TrainResult& result);
  std::optional<std::string> limit_reached() const;
  double learning_rate(int64_t step) const;
  bool stop_requested() const { return stop_ != nullptr && *stop_; }
  void say(const std::string& line) const;
  void note_time();

  TrainingRecipe recipe_;
  const TrainConfig& config_;
  RunFolder run_;
  PreparedData data_;
  std::shared_ptr<Seq2SeqModel> model_;
  TrainerOptions options_;
  const std::atomic<bool>* stop_ = nullptr;
  NamedTensors parameters_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;  // null without ema_decay
  std::unique_ptr<BatchStream> stream_;
  std::unique_ptr<TrainLog> log_;
  TrainState state_;
  ReportWindow recent_;  // fading sums for the live line
  int64_t saved_step_ = -1;
  bool epoch_ended_ = false;   // by the step at hand
  double elapsed_before_ = 0;  // of the runs that this one goes on from
  std::chrono::steady_clock::time_point begin_;
};

// Prepares the data, seeds, builds the model and, with `resume`, restores the checkpoint: everything between a recipe and run(). With
// `initial` a new run begins with that checkpoint's weights and tokenisers; the recipe's model section is then the checkpoint's
// (train/initial_checkpoint.h). `where` names the checkpoint that is given.
std::unique_ptr<Trainer> make_trainer(const TrainingRecipe& recipe, const RunFolder& run, const TrainerOptions& options,
                                      const CheckpointContents* resume, const std::string& where,
                                      const CheckpointContents* initial = nullptr);

}  // namespace attnzoo
