#include "models/parts.h"

#include <nlohmann/json.hpp>

#include "models/attention_rnn/attention_decoder.h"
#include "models/find_by_name.h"
#include "models/fusion/fusion_decoder.h"
#include "models/fusion/fusion_encoder.h"
#include "models/no_encoder.h"
#include "models/pooling/pooling_decoder.h"
#include "models/recurrent/recurrent_encoder.h"
#include "models/transformer/transformer_decoder.h"
#include "models/transformer/transformer_encoder.h"

namespace attnzoo {

const std::vector<EncoderKind>& encoder_kinds() {
  static const std::vector<EncoderKind> kinds = {
      encoder_kind<RecurrentEncoderConfig, RecurrentEncoder>("recurrent", "bidirectional recurrent layers (Schuster and Paliwal 1997)"),
      encoder_kind<TransformerEncoderConfig, TransformerEncoder>("transformer", "self-attention (Vaswani et al. 2017)"),
      encoder_kind<FusionConfig, FusionEncoder>("fusion", "recurrent cells with attention fused into them"),
      encoder_kind<NoEncoderConfig, NoEncoder>("none", "no source: a language model"),
  };
  return kinds;
}

const std::vector<DecoderKind>& decoder_kinds() {
  static const std::vector<DecoderKind> kinds = {
      decoder_kind<AttentionDecoderConfig, AttentionDecoder>(
          "recurrent", "recurrent cells with attention and input feeding (Bahdanau 2015, Luong 2015)"),
      decoder_kind<TransformerDecoderConfig, TransformerDecoder>("transformer", "masked self-attention and attention to the memory"),
      decoder_kind<FusionConfig, FusionDecoder>("fusion", "recurrent cells with attention to the memory fused into them"),
      decoder_kind<PoolingConfig, PoolingDecoder>("pooling", "the memory pooled into one vector: a classifier"),
  };
  return kinds;
}

const EncoderKind& find_encoder_kind(const std::string& name) { return find_by_name(encoder_kinds(), "encoder", "encoders", name); }
const DecoderKind& find_decoder_kind(const std::string& name) { return find_by_name(decoder_kinds(), "decoder", "decoders", name); }

}  // namespace attnzoo
