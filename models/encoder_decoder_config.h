// The recipe's "model" section of an encoder-decoder, taken apart: which encoder and decoder, and the fields of each.
//
// The section is flat. A field belongs to every part that knows it; with "encoder_" or "decoder_" before it, to that part alone:
//   {"encoder": "transformer", "decoder": "recurrent", "dropout": 0.2, "encoder_layers": 4, "decoder_layers": 1}
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace attnzoo {

struct EncoderDecoderConfig {
  std::string encoder, decoder;  // names in parts.h
  nlohmann::json encoder_fields, decoder_fields;
  // Which tables are one: "all" (source, target and output; needs a joint vocabulary), "decoder" (target and output), "none",
  // "auto": "all" with a joint vocabulary, else "decoder". Press and Wolf 2017.
  std::string tied_embeddings = "auto";

  // A pointer-generator: words may be copied from the source (copying.h). Needs a joint vocabulary.
  bool copy = false;
  // Weight of the coverage loss (copying.h) beside the loss a target token; 0 for none, See et al. 2017 take 1. At least 0.
  double coverage_loss = 0;

  // Completes the fields of both parts. `base` holds fields of lower rank (a preset's); what of them no part knows is passed over: another
  // encoder may have been chosen. Throws ConfigError with all problems of both parts and all unknown keys of `fields`.
  static EncoderDecoderConfig from_json(const nlohmann::json& fields, const nlohmann::json& base = nlohmann::json::object());
  // Flat again, every field once: unprefixed where only one part has it or both agree. from_json(to_json()) is the identity.
  nlohmann::json to_json() const;
};

// The recipe's section with its family's preset under it (models/registry.h). Throws ConfigError, also for an unknown family or preset.
EncoderDecoderConfig read_model_config(const nlohmann::json& model);

}  // namespace attnzoo
