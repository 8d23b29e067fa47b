// A Transformer's weights under CTranslate2's names: TransformerSpec, revision 7, or for a language model TransformerDecoderSpec, revision
// 8, as in ctranslate2 4.8.5, which reads them in tests/export/ctranslate2_test.cpp.
#pragma once

#include "models/encoder_decoder_config.h"
#include "models/export/ctranslate2_file.h"
#include "models/safetensors.h"

namespace attnzoo {

// The variables of a model without ctranslate2_refusals(). Tables of positions have 2048 rows, which limits the length of texts; rotary,
// ALiBi and relative positions have no limit. Throws CheckpointError for missing and unknown weights.
Ctranslate2Variables ctranslate2_transformer(const EncoderDecoderConfig& config, const NamedTensors& weights);

}  // namespace attnzoo
