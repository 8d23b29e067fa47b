// A MarianMT directory of Hugging Face's transformers, as OPUS-MT models are published, as a checkpoint.
#pragma once

#include <filesystem>

#include "models/checkpoint.h"

namespace attnzoo {

// `directory` holds config.json, model.safetensors, source.spm, target.spm, vocab.json, and target_vocab.json where each side has a
// vocabulary of its own. The model then gives the same logits. Two rows differ: <pad> becomes a row of zeros whose output bias leaves it
// no probability; the token that the decoder begins with becomes <s>, which is never produced.
// Throws ConfigError for what no model here is, DataError and CheckpointError for files that are missing, damaged or do not fit.
CheckpointContents import_huggingface(const std::filesystem::path& directory);

}  // namespace attnzoo
