// Finds a family, an encoder or a decoder by name.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {

// Throws ConfigError: "model.family: unknown family 'lstn', did you mean ...?; known families: ..."
template <class Named>
const Named& find_by_name(const std::vector<Named>& all, const char* what, const char* plural, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& one : all) {
    if (one.name == name) return one;
    known.push_back(one.name);
  }
  const auto near = nearest(name, known);
  fail<ConfigError>("model.{0}: unknown {0} '{1}'{2}; known {3}: {4}", what, name,
                    near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near), plural, fmt::join(known, ", "));
}

}  // namespace attnzoo
