// The models that CTranslate2 cannot run.
#pragma once

#include <string>
#include <vector>

#include "models/encoder_decoder_config.h"

namespace attnzoo {

// One line per reason, "model.FIELD: ..."; empty if it can run the model. A model without encoder is a language model.
std::vector<std::string> ctranslate2_refusals(const EncoderDecoderConfig& config);

}  // namespace attnzoo
