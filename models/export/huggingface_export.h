// A checkpoint as a MarianMT directory of Hugging Face's transformers (MarianMTModel, MarianTokenizer).
#pragma once

#include <filesystem>

#include "models/checkpoint.h"

namespace attnzoo {

// Writes config.json, generation_config.json, model.safetensors, source.spm, target.spm, vocab.json (and target_vocab.json where each side
// has a vocabulary), tokenizer_config.json; the directory appears whole. The model there gives the same logits for the same ids.
//
// MarianMT is a post-norm Transformer with layer norms, sinusoidal positions, one activation (relu, gelu, silu) and one width for both
// stacks, and SentencePiece. Throws ConfigError with all that a model has beyond that, and CheckpointError for weights that are not those
// of the config, before anything is written.
void export_huggingface(const CheckpointContents& contents, const std::filesystem::path& directory);

}  // namespace attnzoo
