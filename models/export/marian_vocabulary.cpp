#include "models/export/marian_vocabulary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {

std::vector<std::string> read_marian_pieces(const std::filesystem::path& file, int64_t table_size) {
  const auto where = file.string();
  const auto json = read_json(file);
  if (!json.is_object()) fail<DataError>("{}: must be an object of pieces with their ids", where);
  if (static_cast<int64_t>(json.size()) != table_size)
    fail<DataError>("{}: has {} pieces, but config.json gives the table {} rows", where, json.size(), table_size);
  std::vector<const std::string*> of_id(static_cast<size_t>(table_size));
  for (const auto& [piece, id] : json.items()) {
    if (!id.is_number_integer() || id < 0 || id >= table_size)
      fail<DataError>("{}: the piece '{}' has the id {}; it must be an integer from 0 to {}", where, piece,
                      id.is_primitive() ? id.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) : id.type_name(),
                      table_size - 1);
    auto& place = of_id[id.get<size_t>()];
    if (place != nullptr) fail<DataError>("{}: the pieces '{}' and '{}' both have the id {}", where, *place, piece, id.get<int64_t>());
    place = &piece;
  }
  // There are as many pieces as ids, and no id occurs twice: each has a piece.
  std::vector<std::string> pieces;
  pieces.reserve(of_id.size());
  for (const auto* piece : of_id) pieces.push_back(*piece);
  return pieces;
}

MarianVocabulary arrange_marian_vocabulary(const std::vector<std::string>& pieces, MarianSpecialIds ids,
                                           const std::filesystem::path& file) {
  const auto where = file.string();
  const auto id_of = [&](const char* piece) {
    const auto found = std::find(pieces.begin(), pieces.end(), piece);
    return found == pieces.end() ? int64_t{-1} : static_cast<int64_t>(found - pieces.begin());
  };
  const int64_t unk = id_of("<unk>"), end = id_of("</s>");
  for (const auto& [piece, id] : {std::pair{"<unk>", unk}, {"</s>", end}})
    if (id < 0) fail<DataError>("{}: has no piece '{}', which every Marian vocabulary has", where, piece);
  if (ids.eos >= 0 && ids.eos != end)
    fail<DataError>("{}: gives '</s>' the id {}, but config.json has eos_token_id {}", where, end, ids.eos);
  if (ids.pad < 0) ids.pad = id_of("<pad>");

  MarianVocabulary vocabulary;
  vocabulary.rows = {-1, unk, ids.start, end};
  for (int64_t id = 0; id < static_cast<int64_t>(pieces.size()); ++id) {
    if (id == unk || id == end || id == ids.start || id == ids.pad) continue;
    vocabulary.rows.push_back(id);
    vocabulary.pieces.push_back(pieces[static_cast<size_t>(id)]);
  }
  return vocabulary;
}

}  // namespace attnzoo
