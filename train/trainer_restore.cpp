// Trainer::restore(): training that resumes from a checkpoint.
#include "data/error.h"
#include "train/generators.h"
#include "train/trainer.h"

namespace attnzoo {

void Trainer::restore(const CheckpointContents& contents, const std::string& where) {
  const auto tensors = [&](const char* name) -> const NamedTensors& {
    const auto found = contents.extra_tensors.find(name);
    if (found == contents.extra_tensors.end())
      fail<CheckpointError>("{}: has no {}.safetensors, so training cannot resume from it", where, name);
    return found->second;
  };
  const auto state = contents.extra_json.find("train_state");
  if (state == contents.extra_json.end()) fail<CheckpointError>("{}: has no train_state.json, so training cannot resume from it", where);
  state_ = TrainState::from_json(state->second, where + "/train_state.json");
  const int64_t num_pairs = data_.train->num_pairs();
  if (num_pairs > 0 && (state_.stream_position - 1) / num_pairs > state_.epochs_done)
    fail<CheckpointError>(
        "{}/train_state.json: not a state that training can resume from: 'stream_position' {} lies past {} epochs of {} training pairs; "
        "it is damaged, or belongs to other text",
        where, state_.stream_position, state_.epochs_done + 1, num_pairs);
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

}  // namespace attnzoo
