// How good a model is while it trains: its loss on validation text, and BLEU and chrF of its translations of that text, or accuracy and
// macro-F1 of its labels.
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
  ScoreTotals scores;             // cross-entropy, without smoothing
  std::optional<BleuScore> bleu;  // none where all references are blank
  std::optional<ChrfScore> chrf;
  std::optional<ClassificationScore> labels;
  std::vector<ValidationSample> samples;
  torch::Tensor
      attention_TS;  // of the first sample, the search's; undefined without samples, without TensorBoard, and for models without attention
  double seconds = 0;

  // "loss" is the cross-entropy per token in natural logarithms; the others are percent. NaN for a mean over nothing. Throws Error for a
  // metric that was not measured.
  double metric(const std::string& name) const;
  // "accuracy" (of tokens, or of a classifier's labels) and "macro_f1" are percent, as BLEU and chrF are.
  nlohmann::json to_json() const;
};

// Measures `trained` on data.valid. Leaves the model as it was and torch's generators as they were, so that training continues as if
// nothing had happened. A set `stop` ends the work early with an Error.
ValidationResult validate(Seq2SeqModel& trained, const PreparedData& data, const TrainConfig& config, torch::Device device,
                          const std::atomic<bool>* stop);

}  // namespace attnzoo
