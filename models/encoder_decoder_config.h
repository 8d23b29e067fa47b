// The recipe's "model" section taken apart: which encoder and decoder, and the fields of each.
//
// The section is flat. A field belongs to every part that knows it; with the prefix "encoder_" or "decoder_", to that part alone:
//   {"encoder": "transformer", "decoder": "recurrent", "dropout": 0.2, "encoder_layers": 4, "decoder_layers": 1}
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace attnzoo {

struct EncoderDecoderConfig {
  std::string encoder, decoder;  // names in parts.h
  nlohmann::json encoder_fields, decoder_fields;
  // Which tables are one: "all" (source, target and output; needs a joint vocabulary), "decoder" (target and output), "none",
  // "auto": "all" with a joint vocabulary, else "decoder". Press and Wolf 2017.
  std::string tied_embeddings = "auto";

  // A pointer-generator: words may be copied from the source (copying.h). Needs a joint vocabulary.
  bool copy = false;
  // Weight of the coverage loss (copying.h), added to the loss per target token; at least 0. 0 for none; See et al. 2017 use 1.
  double coverage_loss = 0;

  // Completes the fields of both parts. `base` holds fields of lower rank (a preset's; section_fields.h); those that no part knows are
  // ignored, since another encoder may have been chosen. Throws ConfigError with all problems of both parts and all keys of `fields` that
  // are unknown or have no effect.
  static EncoderDecoderConfig from_json(const nlohmann::json& fields, const nlohmann::json& base = nlohmann::json::object());
  // Flat again, every field once: unprefixed where only one part has it or both agree. from_json(to_json()) is the identity.
  nlohmann::json to_json() const;
};

// The keys of the whole model: those that neither encoder nor decoder has.
const std::vector<std::string>& model_keys();

// The recipe's section with its family's preset under it (models/registry.h). Throws ConfigError, also for an unknown family or preset.
EncoderDecoderConfig read_model_config(const nlohmann::json& model);

}  // namespace attnzoo
