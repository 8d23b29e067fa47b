// A small set of configurations in which every pair of option values occurs (a pairwise covering array; Cohen et al. 1997). Most faults of
// interacting options show in pairs, and there are thousands of combinations.
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
  nlohmann::json base;  // lower-ranking fields, like a preset's: those that no part has are ignored
  std::vector<Option> options;
  // Pairs that must be refused; the test checks that they are.
  std::vector<std::pair<OptionValue, OptionValue>> forbidden;
};

// Each row sets every option. Deterministic.
std::vector<nlohmann::json> covering_array(const OptionSpace& space);
// Whether some row has both values.
bool covers(const std::vector<nlohmann::json>& rows, const OptionValue& a, const OptionValue& b);
bool is_forbidden(const OptionSpace& space, const OptionValue& a, const OptionValue& b);

}  // namespace attnzoo::test
