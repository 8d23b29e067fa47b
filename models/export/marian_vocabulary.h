// vocab.json of a MarianMT directory, {piece: id}, and the order of its pieces in a vocabulary of ours.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace attnzoo {

// One side's pieces in our order: ids 0 to 3 are <pad>, <unk>, <s>, </s>, and all other pieces follow in the order of the file.
struct MarianVocabulary {
  std::vector<std::string> pieces;  // of the ids from 4 on
  std::vector<int64_t> rows;        // for each of our ids, its row in their table; -1: none
};

// The ids of the special tokens in config.json; -1 if it has none.
struct MarianSpecialIds {
  int64_t eos = -1, start = -1, pad = -1;
};

// The pieces of a file, by id. Throws DataError naming the file if it is not an object of numbers, or if an id occurs twice, lies outside
// the table or has no piece.
std::vector<std::string> read_marian_pieces(const std::filesystem::path& file, int64_t table_size);

// eos = -1 means the id of "</s>"; pad = -1 that of "<pad>", if there is one. Throws DataError naming `file` if "<unk>" or "</s>" is
// missing or the id of "</s>" is not `ids.eos`.
MarianVocabulary arrange_marian_vocabulary(const std::vector<std::string>& pieces, MarianSpecialIds ids, const std::filesystem::path& file);

}  // namespace attnzoo
