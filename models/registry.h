// The list of model families, by name. Every program finds its models here.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "models/layers/parameters.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

// Sizes that come from the tokenisers; users never type them.
struct VocabularySizes {
  int64_t source = 0;
  int64_t target = 0;
  bool joint = false;  // both sides share one vocabulary
};

struct ModelPreset {
  std::string name;    // "tiny", "small", "base"
  std::string fields;  // JSON object of overrides of the family's defaults; section_fields.h says how they are ranked
};

// A family names an encoder, a decoder and the fields that set it apart.
struct ModelFamily {
  std::string name;      // "transformer"; stands in checkpoints, so it is never renamed
  std::string summary;   // one line for --list-models
  std::string defaults;  // JSON object beneath every preset: {"encoder": "recurrent", "decoder": "recurrent", "cell": "lstm"}
  std::vector<ModelPreset> presets;
  // Small configurations for tests/conformance, chosen to cover the family's options.
  std::vector<ModelPreset> conformance_variants;
};

const std::vector<ModelFamily>& model_families();
// Throws ConfigError: "model.family: unknown family 'lstn', did you mean ...?; known families: ..."
const ModelFamily& find_model_family(const std::string& name);

// `model` is the recipe's section: {"family": ..., "preset": ..., other fields override the preset} (encoder_decoder_config.h says how
// fields reach the parts). Returns the same with every field filled in, by its canonical name, and "preset" resolved away;
// complete_model_config of its own result is the identity.
nlohmann::json complete_model_config(const nlohmann::json& model);
// Throws ConfigError for whatever build_model() would refuse, before there are tokenisers: parts that do not go together, widths that do
// not fit. Draws no random numbers.
void check_model_config(const nlohmann::json& model, bool joint_vocabulary);
// kUndrawn: for weights that are loaded at once.
std::shared_ptr<Seq2SeqModel> build_model(const nlohmann::json& model, const VocabularySizes& sizes,
                                          InitialValues values = InitialValues::kDrawn);
// The same with the names and shapes of its parameters but no values (layers/parameters.h): what a config asks for, before any memory is
// given to it. Throws ConfigError.
std::shared_ptr<Seq2SeqModel> model_shapes(const nlohmann::json& model, const VocabularySizes& sizes);
int64_t num_parameters(const Seq2SeqModel& model);
// The table that --list-models prints: name, summary, presets with parameter counts (vocabulary of 8000, joint).
std::string list_models();

}  // namespace attnzoo
