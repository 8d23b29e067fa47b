// A Transformer's weights under the names that CTranslate2 has for them: its TransformerSpec, revision 7, and TransformerDecoderSpec,
// revision 8, of a language model. Learned from ctranslate2 4.8.5, which reads them back in tests/export/ctranslate2_test.cpp.
#pragma once

#include "models/encoder_decoder_config.h"
#include "models/export/ctranslate2_file.h"
#include "models/safetensors.h"

namespace attnzoo {

// The variables of a model without ctranslate2_refusals(). Positions are tables of 2048 rows, as far as CTranslate2 then reads and writes;
// with rotary, ALiBi or relative positions there is no end. Throws CheckpointError for weights that are missing or have no place.
Ctranslate2Variables ctranslate2_transformer(const EncoderDecoderConfig& config, const NamedTensors& weights);

}  // namespace attnzoo
