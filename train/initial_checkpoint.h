// Training that starts from a checkpoint's weights instead of random ones: fine-tuning (attnzoo-train --init).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/tokenizer.h"

namespace attnzoo {

// Puts into a recipe, as read from disk, what a run takes over from a checkpoint with this config.json: the whole model section, the task
// where the recipe names none, and data.tokenizer, for the record: the tokenisers themselves are the checkpoint's.
//
// Fields of the model and the tokeniser that the recipe names must agree with the checkpoint's; only what acts in training alone may differ
// and is then the recipe's: dropouts, layer_drop, coverage_loss. Throws ConfigError with every field that does not, and both its values;
// `where` names the checkpoint.
void inherit_model(nlohmann::json& recipe, const nlohmann::json& checkpoint_config, const std::string& where);

// For a checkpoint that does not record how its tokenisers were made (an imported model): their size and whether they are one.
void describe_tokenizers(nlohmann::json& recipe, const TokenizerPair& tokenizers);

}  // namespace attnzoo
