// A model that decodes: what search, scoring and attention take.
#pragma once

#include "models/seq2seq_model.h"

namespace attnzoo {

// Freezes a model (models/part.h) for as long as it exists, in eval(); then the model is as it was before, training mode included. On
// other devices and in other types than float, the model stays plain, and ATen runs it.
//
// Several threads may use one InferenceModel at once. One thread makes it, while no other uses the model. A second one of the same model
// changes nothing, so a Seq2SeqModel converts implicitly and is frozen for one call; who calls often makes an InferenceModel first, since
// freezing packs every matrix.
class InferenceModel {
 public:
  // Throws ConfigError for int8 where nothing can be frozen.
  InferenceModel(Seq2SeqModel& model, Compute compute = Compute::kFloat32);
  ~InferenceModel();
  InferenceModel(const InferenceModel&) = delete;
  InferenceModel& operator=(const InferenceModel&) = delete;

  Seq2SeqModel* operator->() const { return &model_; }
  Seq2SeqModel& operator*() const { return model_; }

 private:
  Seq2SeqModel& model_;
  bool was_frozen_, was_training_;
};

}  // namespace attnzoo
