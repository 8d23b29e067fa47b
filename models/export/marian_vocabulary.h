// vocab.json of a MarianMT directory, {piece: id}, and the order of its pieces in a vocabulary of ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace attnzoo {

// What one side's tables and tokeniser become: our ids 0 .. 3 are <pad>, <unk>, <s>, </s>, all other pieces follow in their order.
struct MarianVocabulary {
  std::vector<std::string> pieces;  // of our ids from 4 on
  std::vector<int64_t> rows;        // which row of their table our id has; -1: none, zeros
};

// The tokens that a config names, by their ids; -1 for none.
struct MarianSpecialIds {
  int64_t eos = -1, start = -1, pad = -1;
};

// The pieces of a file by id. Throws DataError naming it: no object of numbers, an id twice, outside of the table, or without a piece.
std::vector<std::string> read_marian_pieces(const std::filesystem::path& file, int64_t table_size);

// eos = -1 stands for where "</s>" is, pad = -1 for where "<pad>" is, if anywhere. Throws DataError naming `file`: "<unk>" or "</s>" are
// missing, or "</s>" has another id than `ids.eos`.
MarianVocabulary arrange_marian_vocabulary(const std::vector<std::string>& pieces, MarianSpecialIds ids, const std::filesystem::path& file);

}  // namespace attnzoo
