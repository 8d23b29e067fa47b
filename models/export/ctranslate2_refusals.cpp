#include "models/export/ctranslate2_refusals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

#include "models/transformer/transformer_stack_config.h"

namespace attnzoo {
namespace {

void refuse_stack_of(const std::string& side, const TransformerStackConfig& config, std::vector<std::string>& reasons) {
  const auto refuse_unless_known = [&](const char* field, const std::string& value, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) == known.end())
      reasons.push_back(fmt::format("model.{}_{}: CTranslate2 has {}, not '{}'", side, field, fmt::join(known, ", "), value));
  };
  refuse_unless_known("norm", config.norm, {"pre", "post", "sandwich"});
  refuse_unless_known("norm_kind", config.norm_kind, {"layer", "rms"});
  refuse_unless_known("activation", config.activation, {"relu", "gelu", "silu", "swiglu"});
  refuse_unless_known("positions", config.positions, {"sinusoidal", "learned", "rotary", "alibi", "relative", "none"});
  if (config.attention_window > 0)
    reasons.push_back(fmt::format("model.{}_attention_window: CTranslate2 translates without a window (0), not with one of {}", side,
                                  config.attention_window));
  if (side == "decoder" && config.positions == "alibi" && !std::has_single_bit(static_cast<uint64_t>(config.num_heads)))
    reasons.push_back(
        fmt::format("model.decoder_positions: CTranslate2's ALiBi has other slopes than ours unless the number of heads is a "
                    "power of two, and num_heads is {}",
                    config.num_heads));
}

}  // namespace

std::vector<std::string> ctranslate2_refusals(const EncoderDecoderConfig& config) {
  std::vector<std::string> reasons;
  if (config.encoder == "transformer")
    refuse_stack_of("encoder", TransformerEncoderConfig::from_json(config.encoder_fields), reasons);
  else if (config.encoder != "none")
    reasons.push_back(fmt::format("model.encoder: CTranslate2 has the encoder 'transformer', not '{}'", config.encoder));
  if (config.decoder == "transformer") {
    const auto decoder = TransformerDecoderConfig::from_json(config.decoder_fields);
    if (decoder.autoregression != "attention")
      reasons.push_back(fmt::format("model.autoregression: CTranslate2 has 'attention', not '{}'", decoder.autoregression));
    refuse_stack_of("decoder", decoder, reasons);
  } else {
    reasons.push_back(fmt::format("model.decoder: CTranslate2 has the decoder 'transformer', not '{}'", config.decoder));
  }
  if (config.copy) reasons.push_back("model.copy: CTranslate2 cannot copy words from the source");
  return reasons;
}

}  // namespace attnzoo
