// What a model is worth while it trains: its loss on validation text, and BLEU and chrF of real translations of it, or how many
// labels it tells.
#pragma once

#include <torch/types.h>

#include <atomic>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/prepare.h"
#include "eval/bleu.h"
#include "eval/chrf.h"
#include "eval/classification.h"
#include "eval/scoring.h"
#include "models/seq2seq_model.h"
#include "train/train_config.h"

namespace attnzoo {

struct ValidationSample {
  std::string source, reference, output;
};

struct ValidationResult {
  ScoreTotals scores;  // cross-entropy, without smoothing
  std::optional<BleuScore> bleu;
  std::optional<ChrfScore> chrf;
  std::optional<ClassificationScore> labels;
  std::vector<ValidationSample> samples;
  double seconds = 0;

  // "loss" is the cross-entropy a token in natural logarithms.
  double metric(const std::string& name) const;
  nlohmann::json to_json() const;
};

// Measures `model` on data.valid. Leaves the model in training mode and torch's generators as they were, so that training goes on as if
// nothing had happened. A set `stop` ends the work early with an Error.
ValidationResult validate(Seq2SeqModel& model, const PreparedData& data, const TrainConfig& config, torch::Device device,
                          const std::atomic<bool>* stop);

}  // namespace attnzoo
