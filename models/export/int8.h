// Dynamic quantisation of a traced module: every matrix as int8, one scale a row (row r of W is scale_r * values_r, |values| <= 127).
//   a linear layer    multiplies in int8; its input is quantised by the call, per tensor, to 7 bits (the eighth would overflow the 16-bit
//                     sums of processors without VNNI): torch's quantized::linear_dynamic over a weight packed when the archive is loaded
//   an embedding      looks up int8 rows and scales them
//   any other use     (recurrent layers) reads the matrix multiplied out when the archive is loaded: a small file, float arithmetic
// A table that is embedding and output layer at once is stored once. Runs on the CPU alone.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

namespace attnzoo {

// Changes the graphs of `methods`, replacing each matrix that they read by a module in its place, named NAME_int8.
void quantize_int8(torch::jit::Module& module, const std::vector<std::string>& methods);

}  // namespace attnzoo
