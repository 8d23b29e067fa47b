// Dynamic quantisation of a traced module: every matrix as int8, one scale per row (row r of W is scale_r * values_r, |values| <= 127).
//   a linear layer    multiplies in int8; each call quantises its input, per tensor, to 7 bits (the eighth would overflow the 16-bit sums
//                     of processors without VNNI): torch's quantized::linear_dynamic on a weight packed when the archive is loaded
//   an embedding      looks up int8 rows and scales them
//   any other use     (recurrent layers) reads floats, restored when the archive is loaded: a small file, float arithmetic
// A tied table of embedding and output layer is stored once. Runs on the CPU only.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

namespace attnzoo {

// Replaces each matrix that the graphs of `methods` read by a module named NAME_int8.
void quantize_int8(torch::jit::Module& module, const std::vector<std::string>& methods);

}  // namespace attnzoo
