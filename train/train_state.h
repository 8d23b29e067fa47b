// Everything a training run has to remember besides tensors: what a checkpoint's train_state.json holds.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "train/metrics.h"
#include "train/report_window.h"
#include "train/schedule.h"
#include "train/time_account.h"

namespace attnzoo {

// The best value of one metric so far.
struct BestValue {
  bool known = false;
  std::string metric;
  double value = 0;
  double loss = std::numeric_limits<double>::quiet_NaN();  // of the same validation
  int64_t step = 0;

  // Whether `candidate` is better (is_better() in train/metrics.h); remembers it if so. A value of another metric is forgotten first.
  bool offer(const std::string& by_metric, MetricValue candidate, int64_t at_step);
};

struct TrainState {
  int64_t step = 0;                                      // updates done
  int64_t stream_position = 0;                           // batches consumed
  int64_t epochs_done = 0;                               // whole passes over the data
  double elapsed_s = 0;                                  // wall clock of training, over all resumes
  int64_t num_source_tokens = 0, num_target_tokens = 0;  // consumed by training
  int64_t nonfinite_in_row = 0, num_nonfinite = 0;       // steps skipped because their loss or gradient was not finite
  int64_t warmup_steps = 0;                              // what "auto" stands for in this run, settled at its start; 0 before then
  int64_t last_validation = 0;                           // step of the last one in its turn
  bool validation_due = false;                           // was interrupted before the validation of this step
  BestValue best;                                        // of best_metric
  BestValue early_best;                                  // of early_stopping.metric
  int64_t bad_validations = 0;                           // in a row, by early_stopping.metric
  PlateauState plateau;
  ReportWindow window;
  TimeAccount time;

  nlohmann::json to_json() const;
  // Throws CheckpointError that names the field: missing, of another type, or out of its range; `where` names the file.
  static TrainState from_json(const nlohmann::json& fields, const std::string& where);
};

}  // namespace attnzoo
