// One line of JSON lines: parsing it, and taking text out of it. Errors name `place`, "train.jsonl:17".
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/text_reader.h"

namespace attnzoo {

// An escape such as \ud800 without its other half stands for no character, as bytes that are not UTF-8 do, and falls under the same policy:
// replaced by \ufffd, or DataError. Returns whether something was replaced.
bool repair_surrogates(std::string& line, InvalidUtf8 policy, const std::string& place);

// Throws DataError: blank, not valid JSON, not an object, a key given twice, nested too deep.
nlohmann::json parse_json_line(const std::string& line, const std::string& place);

// The text of a field, or of a field of a nested object for "translation.en"; line breaks in it become spaces. Numbers and booleans,
// as labels often are, are taken as they are written in JSON. Throws DataError: no such field, a list, an object or null.
std::string text_field(const nlohmann::json& object, const std::string& field, const std::string& place);

}  // namespace attnzoo
