// What a person wants to know about prepared data before training on it: `attnzoo-data inspect`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/prepare.h"

namespace attnzoo {

// Several sections of plain text: counts and cleaning; token-length histograms of both sides; coverage (<unk>, bytes, share of the
// vocabulary in use) for training and validation; pairs that repeat or stand in both; `num_samples` pairs as the pieces that
// the model will see.
std::string inspect_data(const PreparedData& data, int64_t num_samples);

// Lines "17 - 24  ########   1234  12.3%" for lengths counted as counts[length], with mean, median and 99th percentile on top.
std::string length_histogram(const std::vector<int64_t>& counts);

}  // namespace attnzoo
