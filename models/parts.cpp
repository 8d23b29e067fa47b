#include "models/parts.h"

#include <nlohmann/json.hpp>

#include "models/attention_rnn/attention_decoder.h"
#include "models/find_by_name.h"
#include "models/recurrent/recurrent_encoder.h"
#include "models/transformer/transformer_decoder.h"
#include "models/transformer/transformer_encoder.h"

namespace attnzoo {

const std::vector<EncoderKind>& encoder_kinds() {
  static const std::vector<EncoderKind> kinds = {
      encoder_kind<RecurrentEncoderConfig, RecurrentEncoder>("recurrent", "bidirectional recurrent layers (Schuster and Paliwal 1997)"),
      encoder_kind<TransformerEncoderConfig, TransformerEncoder>("transformer", "self-attention (Vaswani et al. 2017)"),
  };
  return kinds;
}

const std::vector<DecoderKind>& decoder_kinds() {
  static const std::vector<DecoderKind> kinds = {
      decoder_kind<AttentionDecoderConfig, AttentionDecoder>(
          "recurrent", "recurrent cells with attention and input feeding (Bahdanau 2015, Luong 2015)"),
      decoder_kind<TransformerDecoderConfig, TransformerDecoder>("transformer", "masked self-attention and attention to the memory"),
  };
  return kinds;
}

const EncoderKind& find_encoder_kind(const std::string& name) { return find_by_name(encoder_kinds(), "encoder", "encoders", name); }
const DecoderKind& find_decoder_kind(const std::string& name) { return find_by_name(decoder_kinds(), "decoder", "decoders", name); }

}  // namespace attnzoo
