// Initial states of a recurrent decoder: tanh(W summary of the source) (Bahdanau et al. 2015, A.2.2); zeros without a source.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/decoder.h"
#include "models/layers/linear.h"

namespace attnzoo {

// num_tensors tensors [B, dim]. bridge: W, from the summary to num_tensors * dim; null without a source.
std::vector<torch::Tensor> initial_recurrent_states(const Linear* bridge, const EncodedSource& source, int64_t num_tensors, int64_t dim);

}  // namespace attnzoo
