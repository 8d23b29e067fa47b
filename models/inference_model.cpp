#include "models/inference_model.h"

#include "data/error.h"

namespace attnzoo {

InferenceModel::InferenceModel(Seq2SeqModel& model, Compute compute)
    : model_(model), was_frozen_(model.frozen()), was_training_(model.is_training()) {
  if (was_frozen_) return;
  const auto weight = model_.output_weight_VD();
  const bool can_freeze = weight.defined() && weight.device().is_cpu() && weight.scalar_type() == torch::kFloat;
  if (!can_freeze && compute != Compute::kFloat32) fail<ConfigError>("compute: int8 needs a model in float32 on the CPU");
  model_.eval();
  if (can_freeze) freeze(model_, compute);
}

InferenceModel::~InferenceModel() {
  if (!was_frozen_) model_.train(was_training_);
}

}  // namespace attnzoo
