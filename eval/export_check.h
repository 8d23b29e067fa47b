// Compares an export with the model before it is written, at shapes other than those it was traced at.
#pragma once

#include <string>

#include "models/checkpoint.h"

namespace attnzoo {

struct ExportDifference {
  double logits = 0;  // largest difference of a logit, relative to the largest logit (or 1, if that is larger)
  double scores = 0;  // largest difference of a beam search score, relative to that score (or 1)
};

// Loads the TorchScript archive as its users do and compares forward() and beam() with the model (in eval() mode, float, on the CPU) on two
// batches of random sources with padding; greedy() must run. Throws Error if the archive does not load or run, or if a difference exceeds
// `allowed`.
ExportDifference check_torchscript(const std::string& archive, const LoadedModel& loaded, const ExportDifference& allowed);

}  // namespace attnzoo
