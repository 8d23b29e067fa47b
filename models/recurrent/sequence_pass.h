// A recurrent cell over packed sentences in one direction, differentiable.
#pragma once

#include <torch/types.h>

#include "models/recurrent/cell.h"
#include "models/recurrent/time_major.h"

namespace attnzoo {

// x_PI: packed rows (sentence after sentence) -> h_PH in the same order. Starts from zeros. Float, on the CPU. mask_BH (training only, may
// be undefined): as in Cell::step, one row per sentence.
torch::Tensor run_sequence(const Cell& cell, const torch::Tensor& x_PI, const TimeMajor& order, const torch::Tensor& mask_BH = {});

}  // namespace attnzoo
