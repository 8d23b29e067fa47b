// The logits of a classifier's labels. Its output vocabulary also holds the special tokens, which are no labels: left in, they take a share
// of the softmax, and the labels' probabilities no longer sum to 1.
#pragma once

#include <torch/types.h>

namespace attnzoo {

// A copy with no chance of a special token, for every softmax and choice over what a classifier says.
torch::Tensor label_logits(const torch::Tensor& logits_NV);

}  // namespace attnzoo
