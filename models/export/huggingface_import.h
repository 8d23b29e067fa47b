// Turns a MarianMT directory of Hugging Face's transformers, the form in which OPUS-MT models are published, into a checkpoint.
#pragma once

#include <filesystem>

#include "models/checkpoint.h"

namespace attnzoo {

// `directory` holds config.json, model.safetensors, source.spm, target.spm, vocab.json and, where each side has its own vocabulary,
// target_vocab.json. The imported model computes the same logits, except for two rows: <pad> becomes a row of zeros whose output bias
// leaves it no probability; the decoder's start token becomes <s>, which is never produced.
// Memory and time are proportional to the files, whoever made them. Throws ConfigError for a config that no model here matches, DataError
// and CheckpointError for files that are missing, damaged or do not match.
CheckpointContents import_huggingface(const std::filesystem::path& directory);

}  // namespace attnzoo
