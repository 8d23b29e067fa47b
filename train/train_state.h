// Everything a training run has to remember besides tensors: what a checkpoint's train_state.json holds.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "train/label_smoothed_loss.h"
#include "train/schedule.h"
#include "train/time_account.h"

namespace attnzoo {

// Sums since the last report. Saved too, so that a resumed run logs the same numbers.
struct ReportWindow {
  LossSums loss;
  int64_t num_batches = 0, num_steps = 0;
  int64_t num_source_tokens = 0;
  double seconds = 0;        // of training steps alone
  double gradient_norm = 0;  // sum over the steps
  int64_t num_clipped = 0;   // steps whose gradient was clipped
};

// The best value of one metric so far.
struct BestValue {
  bool known = false;
  double value = 0;
  int64_t step = 0;

  // Whether `candidate` is better, by the metric's direction; remembers it if so.
  bool offer(const std::string& metric, double candidate, int64_t at_step);
};

struct TrainState {
  int64_t step = 0;                                      // updates done
  int64_t stream_position = 0;                           // batches consumed
  int64_t epochs_done = 0;                               // whole passes over the data
  double elapsed_s = 0;                                  // wall clock of training, over all resumes
  int64_t num_source_tokens = 0, num_target_tokens = 0;  // consumed by training
  int64_t nonfinite_in_row = 0, num_nonfinite = 0;       // steps skipped for a gradient that is not finite
  bool validation_due = false;                           // was interrupted before the validation of this step
  int64_t last_validated_step = 0;
  BestValue best;               // of best_metric
  BestValue early_best;         // of early_stopping.metric
  int64_t bad_validations = 0;  // in a row, by early_stopping.metric
  PlateauState plateau;
  ReportWindow window;
  TimeAccount time;

  nlohmann::json to_json() const;
  // Throws CheckpointError when something is missing; `where` names the file.
  static TrainState from_json(const nlohmann::json& fields, const std::string& where);
};

}  // namespace attnzoo
