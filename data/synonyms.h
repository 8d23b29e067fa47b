// What other tools call the settings and names of recipes, for the hint "did you mean ...?".
#pragma once

#include <string>
#include <vector>

namespace attnzoo {

// The candidate that `typed` (lower case, '_' between words) is another tool's name of, or "". "encoder_" and "decoder_" may stand before
// it: "encoder_hidden_size" is "encoder_dim".
std::string synonym_among(const std::string& typed, const std::vector<std::string>& candidates);

}  // namespace attnzoo
