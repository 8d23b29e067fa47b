// Small sound files of every kind that the programs read, to make hostile ones from, and what makes their checksums right again: an
// attacker computes them too.
#pragma once

#include <filesystem>
#include <string>

#include "data/corpus_format.h"
#include "models/checkpoint.h"

namespace attnzoo::test {

std::vector<std::string> sound_lines();
TokenizerPair sound_words();
// A Transformer of 16 wide layers over `tokenizers`.
CheckpointContents sound_checkpoint(const TokenizerPair& tokenizers);
// Enters a file of a checkpoint into its manifest, with its size and checksum.
void enter_into_manifest(const std::filesystem::path& checkpoint, const std::string& name);
// As above for every file there; drops what the manifest listed before.
void write_manifest(const std::filesystem::path& checkpoint);

std::string sound_corpus(const std::filesystem::path& folder);
// Recomputes the checksums of a corpus, wherever its header places the parts.
std::string with_right_checksums(std::string corpus);

// A catalog as msgfmt writes it.
std::string sound_mo();
std::string gzip_of(const std::string& content);

}  // namespace attnzoo::test
