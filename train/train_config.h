// The recipe's train section: how a model is trained.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/batches.h"
#include "data/task.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace attnzoo {

struct LossConfig {
  // Probability mass spread over the whole vocabulary (Szegedy et al. 2016), [0, 1). 0.1 as in Vaswani et al. 2017.
  double label_smoothing = 0.1;
  // Penalties on the weights, added to the loss per target token (reported losses omit them): l1 * sum |w| + l2 * sum w^2 over weight
  // matrices, not over biases and norms. At least 0.
  double l1 = 0;
  double l2 = 0;
};

// Translating validation text during training.
struct ValidDecodeConfig {
  int64_t beam = 1;       // 1 is greedy; 0 (the default of language models) does not decode: only the loss is measured
  int64_t sentences = 0;  // decode only the first N; 0 for all
  int64_t samples = 3;    // translations shown and logged
};

struct EarlyStoppingConfig {
  std::string metric = "auto";  // as TrainConfig::best_metric; "auto" takes what that takes
  int64_t patience = 0;         // validations in a row without improvement; 0 never stops early
};

struct TrainConfig {
  // The fields of a recipe that hold paths.
  static std::vector<std::string> path_fields() { return {"train.initial_checkpoint"}; }

  // The run folder or checkpoint whose weights, model section and tokenisers training starts with (train/initial_checkpoint.h); empty for
  // random weights. Relative to the recipe; a run records the checkpoint's full path.
  std::string initial_checkpoint;
  BatchConfig batch;
  LossConfig loss;
  OptimizerConfig optimizer;
  // Peak of the schedule, > 0.
  double learning_rate = 0.001;
  ScheduleConfig schedule;
  // Upper bound of the gradient's Euclidean norm (Pascanu et al. 2013); 0 for none. The gradient is that of the mean loss per target token.
  double clip_norm = 1.0;
  // Batches per step; the loss is normalised over the target tokens of all of them.
  int64_t accumulate = 1;
  int64_t seed = 1;
  // Training ends at whichever comes first; 0 for no limit. max_time: seconds of training, resumed parts included, also written "50m".
  int64_t max_steps = 0;
  int64_t max_epochs = 0;
  double max_time = 0;
  // Steps between validations, each followed by a checkpoint; 0: at the end of an epoch, at least 100 steps after the last (run_length.h).
  int64_t validate_every = 0;
  ValidDecodeConfig valid_decode;
  EarlyStoppingConfig early_stopping;
  // What "best" means in validation; equal values are told apart by the loss (metrics.h). Translation: "loss", "bleu", "chrf";
  // classification: "loss", "accuracy", "macro_f1"; language models: "loss". "auto" takes BLEU, or chrF for languages written without
  // spaces; accuracy; the loss (metric_choice.h).
  std::string best_metric = "auto";
  // Number of newest checkpoints to keep, besides the best one; >= 1.
  int64_t keep = 1;
  // Exponential moving average of the weights, used for validation and saved as the model (Polyak and Juditsky 1992); [0, 1), 0 for none.
  // The factor of step t is min(ema_decay, (1 + t) / (10 + t)), so that the random start is forgotten early.
  double ema_decay = 0;
  // Steps per report in log.jsonl.
  int64_t report_every = 100;
  // Write what log.jsonl gets for TensorBoard as well, into RUN/tensorboard/.
  bool tensorboard = true;

  // Unknown keys and all values out of range are reported together. Throws ConfigError.
  static TrainConfig from_json(const nlohmann::json& fields, Task task = Task::kTranslation);
  nlohmann::json to_json() const;
  // Whether validation has to decode.
  bool decodes() const { return valid_decode.beam > 0; }
};

}  // namespace attnzoo
