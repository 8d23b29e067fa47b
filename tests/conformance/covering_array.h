// Few configurations in which every pair of option values occurs at least once (a pairwise covering array; Cohen et al. 1997): what the
// options do to each other shows in pairs nearly always, and all combinations would be thousands.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace attnzoo::test {

struct Option {
  std::string key;
  std::vector<nlohmann::json> values;
};

struct OptionValue {
  std::string key;
  nlohmann::json value;
};

struct OptionSpace {
  std::string name, family;
  nlohmann::json base;  // fields of lower rank, like a preset's: what no part of a row knows is passed over
  std::vector<Option> options;
  // Pairs that a configuration may not have; the test checks that they are refused.
  std::vector<std::pair<OptionValue, OptionValue>> forbidden;
};

// Every row gives every option a value. Deterministic.
std::vector<nlohmann::json> covering_array(const OptionSpace& space);
// Whether some row has both.
bool covers(const std::vector<nlohmann::json>& rows, const OptionValue& a, const OptionValue& b);
bool is_forbidden(const OptionSpace& space, const OptionValue& a, const OptionValue& b);

}  // namespace attnzoo::test
