// What a person wants to know about prepared data before training on it: `attnzoo-data inspect`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/prepare.h"

namespace attnzoo {

// Several sections of plain text: counts and cleaning; pairs that repeat or are in both corpora; token-length histograms of both sides;
// coverage (<unk>, bytes, copied words, share of the vocabulary in use) for training and validation; lines that do not come back as they
// were when they are encoded and decoded (of at most 20000 lines, evenly spread over the training text); `num_samples` pairs as the
// pieces that the model will see. `config` names the text that `data` was prepared from; it is read once more.
std::string inspect_data(const PreparedData& data, const DataConfig& config, int64_t num_samples);

// Lines "17 - 24  ########   1234  12.3%" for lengths counted as counts[length], with mean, median and 99th percentile above.
std::string length_histogram(const std::vector<int64_t>& counts);

}  // namespace attnzoo
