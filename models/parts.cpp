#include "models/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "models/attention_rnn/attention_decoder.h"
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

namespace {

template <class Kind>
const Kind& find_kind(const std::vector<Kind>& kinds, const char* what, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& kind : kinds) {
    if (kind.name == name) return kind;
    known.push_back(kind.name);
  }
  const auto near = nearest(name, known);
  fail<ConfigError>("model.{0}: unknown {0} '{1}'{2}; known {0}s: {3}", what, name,
                    near.empty() ? "" : fmt::format(", did you mean '{}'?", near), fmt::join(known, ", "));
}

}  // namespace

const EncoderKind& find_encoder_kind(const std::string& name) { return find_kind(encoder_kinds(), "encoder", name); }
const DecoderKind& find_decoder_kind(const std::string& name) { return find_kind(decoder_kinds(), "decoder", name); }

}  // namespace attnzoo
