// What an export must show before it is written: that it says what the model says, at shapes that it was not traced at.
#pragma once

#include <string>

#include "models/checkpoint.h"

namespace attnzoo {

struct ExportDifference {
  double logits = 0;  // largest of any logit, relative to the largest logit (at least 1)
  double scores = 0;  // largest of any hypothesis of beam search, relative to its score (at least 1)
};

// Loads the TorchScript archive as its user does and compares forward(), greedy() and beam() with the model, in eval() and float on the
// CPU: random sources, two batches with padding. Throws Error when it does not load or run, or when a difference is above `allowed`.
ExportDifference check_torchscript(const std::string& archive, const LoadedModel& loaded, const ExportDifference& allowed);

}  // namespace attnzoo
