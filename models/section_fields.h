// The flat fields of a recipe's model section on their way to encoder and decoder: which part takes which, and which do nothing.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "models/parts.h"

namespace attnzoo {

// A field named after the part stands above the one that both share, `flat` (what the recipe says) above `base` (the family's defaults and
// the preset). In `base` an object under a part's name holds fields of that part alone: {"transformer": {"dim": 128}, "decoder_dim": 256}.
class SectionFields {
 public:
  // `own`: the keys of the whole model, which no part takes.
  SectionFields(const nlohmann::json& flat, const nlohmann::json& base, const std::vector<std::string>& own)
      : flat_(flat), base_(base), own_(own), known_(own.begin(), own.end()) {}

  // The fields of one part that flat or base gives. `prefix` is "encoder_" or "decoder_"; `defaults` has every field of the part.
  nlohmann::json of_part(const std::string& part, const std::string& prefix, const nlohmann::json& defaults,
                         const std::vector<FieldAlias>& aliases);
  // Once both parts have theirs: keys of `flat` that nobody knows, with the nearest known one, and keys that have no effect because more
  // specific ones stand beside them.
  std::vector<std::string> problems() const;

 private:
  const nlohmann::json &flat_, &base_;
  std::vector<std::string> own_;
  std::set<std::string> known_;       // names without prefix
  std::set<std::string> candidates_;  // what a part would take: with prefixes and aliases
  std::set<std::string> effective_;   // keys of flat that a part took
  std::map<std::string, std::set<std::string>> outranked_by_;
  std::map<std::string, std::string> canonical_;  // of aliases
};

// Puts `fields` over those of a flat section: a field without prefix takes the place of "encoder_" and "decoder_" ones in `section`, an
// alias that of the canonical name.
void lay_over(nlohmann::json& section, const nlohmann::json& fields);

}  // namespace attnzoo
