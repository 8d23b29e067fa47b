// A checkpoint as a MarianMT directory of Hugging Face's transformers (MarianMTModel, MarianTokenizer).
#pragma once

#include <filesystem>

#include "models/checkpoint.h"

namespace attnzoo {

// Writes config.json, generation_config.json, model.safetensors, source.spm, target.spm, vocab.json (and target_vocab.json if each side has
// a vocabulary) and tokenizer_config.json, all or none. The exported model gives the same logits for the same ids.
//
// MarianMT is a post-norm Transformer with layer norms, sinusoidal positions, one activation (relu, gelu, silu) and one width for both
// stacks, and SentencePiece. Before anything is written, throws ConfigError with everything that a model has beyond that, and
// CheckpointError for weights that do not match the config.
void export_huggingface(const CheckpointContents& contents, const std::filesystem::path& directory);

}  // namespace attnzoo
