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
#include "train/metric_choice.h"
#include "train/optimizer.h"
#include "train/progress_report.h"
#include "train/run_folder.h"
#include "train/run_length.h"
#include "train/tensorboard.h"
#include "train/train_log.h"
#include "train/train_state.h"
#include "train/training_recipe.h"
#include "train/weight_average.h"

namespace attnzoo {

struct TrainerOptions {
  torch::Device device = torch::kCPU;
  Progress* progress = nullptr;                         // lines for people; may be null
  std::function<void(const nlohmann::json&)> on_entry;  // gets what log.jsonl gets; may be empty
  bool measure_matmul_rate = false;                     // for the closing summary, 0.3 s
};

struct TrainResult {
  std::string reason;            // "max_steps 400 reached", "stopped", ...
  bool stopped = false;          // by `stop`, not by a limit
  bool did_nothing = false;      // a limit was reached before the first step
  std::string options_to_go_on;  // of attnzoo-train, which move the limit: "--set train.max_steps=800"; empty when stopped
  int64_t step = 0;
  BestValue best;  // of train.best_metric, where there was a validation
};

class Trainer {
 public:
  // `model`: freshly built, with the vocabulary sizes of data.tokenizers. The caller seeds torch before building it.
  Trainer(TrainingRecipe recipe, RunFolder run, PreparedData data, std::shared_ptr<Seq2SeqModel> model, TrainerOptions options);
  ~Trainer();

  // Resumes from a checkpoint that a trainer wrote. Throws CheckpointError where it does not fit. To be called before run().
  void restore(const CheckpointContents& contents, const std::string& where);

  // When *stop becomes true, run() saves and returns after the current step; validation and the search for the place in the data end early.
  void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }

  // Trains until a limit or a stop; saves; returns. Throws Error when training diverges: 10 steps in a row whose loss or gradient is not
  // finite, or an end among such steps. Weights that are not finite are never saved.
  TrainResult run();

 private:
  // False when it was interrupted by `stop`.
  bool open_stream_and_log();

  void settle_warmup();

  // trainer_step.cpp
  StepSums train_step();
  void apply_gradients(StepSums& sums);
  void count_step(const StepSums& sums);
  double learning_rate(int64_t step) const;

  // trainer_validation.cpp; false when it was interrupted by `stop`.
  // `due`: in its turn. One made because a limit ends the run counts for `best` alone, so that a run in parts equals one in a piece.
  bool validate_and_save(bool due = true);
  void note_validation(const ValidationResult& result, bool due);
  bool due_for_validation() const;

  // trainer_reports.cpp
  void say(const std::string& line) const;
  void report();
  void show_progress();
  void log_entry(const nlohmann::json& entry);
  void to_tensorboard(const std::function<void(TensorBoardWriter&)>& write);
  void log_end(const std::string& reason, const std::string& options_to_go_on = "");
  void drop_tensorboard(const std::exception& error);
  void write_report();
  void finish(TrainResult& result);

  void save();
  // Throws Error when the last `max_nonfinite` steps, or half of all, or the weights were not finite: none of that is saved.
  void check_convergence(int64_t max_nonfinite);
  [[noreturn]] void fail_diverged(const std::string& what);
  struct Limit {
    std::string reason, options_to_go_on;
  };
  std::optional<Limit> limit_reached() const;
  bool stop_requested() const { return stop_ != nullptr && *stop_; }
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
  MetricChoice metrics_;
  RunLength length_;
  ScheduleConfig schedule_;  // config_.schedule with a number of warm-up steps
  TrainState state_;
  RecentSteps recent_;  // for the live line
  int64_t saved_step_ = -1;
  bool epoch_ended_ = false;  // by the current step
  bool report_failed_ = false;
  std::unique_ptr<TensorBoardWriter> tensorboard_;  // null without train.tensorboard, and once it cannot be written
  double elapsed_before_ = 0;                       // of the runs that this one resumes
  std::chrono::steady_clock::time_point begin_;
};

// Prepares the data, seeds, builds the model and, with `resume`, restores the checkpoint: everything between a recipe and run(). With
// `initial` a new run starts from that checkpoint's weights and tokenisers; the recipe's model section is then the checkpoint's
// (train/initial_checkpoint.h). `where` names the checkpoint.
std::unique_ptr<Trainer> make_trainer(const TrainingRecipe& recipe, const RunFolder& run, const TrainerOptions& options,
                                      const CheckpointContents* resume, const std::string& where,
                                      const CheckpointContents* initial = nullptr);

}  // namespace attnzoo
