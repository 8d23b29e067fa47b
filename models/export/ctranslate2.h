// A Transformer that translates, or one that is a language model, as a model directory of CTranslate2 (github.com/OpenNMT/CTranslate2),
// written without Python; README.md says how it is used there.
//   model.bin                  the weights (ctranslate2_file.h)
//   config.json                special tokens; every source ends with </s>, every target begins with <s>
//   shared_vocabulary.json     the tokens by id, where joint; else source_vocabulary.json and target_vocabulary.json
//   source.spm, target.spm     SentencePiece's models, where these are the tokenisers; source.spm alone where it is both
// A language model has vocabulary.json and target.spm.
#pragma once

#include <filesystem>

#include "models/checkpoint.h"

namespace attnzoo {

// int8: matrices are rounded to 8 bits, for a file of a quarter of the size; else float32. The directory appears whole or not at all and
// takes the place of an export that stood there. Throws before anything is written: ConfigError with all reasons why CTranslate2 cannot run
// the model or where `directory` may not be replaced (export_directory.h), CheckpointError for weights that do not fit the configuration;
// while writing: DataError.
void export_ctranslate2(const CheckpointContents& contents, const std::filesystem::path& directory, bool int8);

}  // namespace attnzoo
