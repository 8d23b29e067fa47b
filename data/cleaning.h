// What happens to pairs that training cannot use or should not see: one policy for each reason, and a report.
//
// A policy acts on the pair, never on one side, so the two sides stay parallel: "keep" it as it is, "drop" it, "truncate" the side that is
// too long, stop with an "error" at the first one, "replace" bytes that are not UTF-8 by U+FFFD.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/sources.h"

namespace attnzoo {

// Settings of the recipe's data.clean.
struct CleaningConfig {
  // A side without any token or visible character (is_blank() of data/utf8.h): keep, drop, error.
  std::string empty = "drop";
  // A side of more tokens than these, </s> not counted: keep, drop, truncate, error.
  std::string too_long = "drop";
  int64_t max_source_length = 256;
  int64_t max_target_length = 256;
  // Pairs whose longer side has more than max_length_ratio times the tokens of the shorter one: keep, drop, error.
  std::string ratio = "keep";
  double max_length_ratio = 4.0;
  // Pairs seen before, source and target alike: keep (then they are not counted), drop, error.
  std::string duplicates = "keep";
  // error, replace, drop.
  std::string invalid_utf8 = "error";

  // The policies for validation text, where every line counts: instead of being dropped, pairs are kept, truncated (as ids; the text stays
  // whole) or repaired. "error" stays an error.
  CleaningConfig for_validation() const;
  InvalidUtf8 reading_policy() const;

  static CleaningConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;
};

struct CleaningReport {
  struct Reason {
    std::string name;    // "empty side"
    std::string action;  // what was done: the policy
    int64_t num_pairs = 0;
    std::string example;  // place and text of the first one, shortened
  };
  int64_t num_read = 0, num_kept = 0;
  std::vector<Reason> reasons;  // always the same ones, in the same order

  int64_t num_dropped() const { return num_read - num_kept; }
  // Several lines to read: "train: 29000 pairs read, 28990 kept", then one line for each reason that occurred.
  std::string text(const std::string& title, const std::string& item) const;  // item: "pair" or "text"
  static CleaningReport from_json(const nlohmann::json& fields);
  nlohmann::json to_json() const;
};

// Applies the policies to a stream of pairs. Throws DataError where a policy is "error".
class PairCleaner {
 public:
  explicit PairCleaner(CleaningConfig config);
  ~PairCleaner();
  // First by the text: invalid UTF-8, empty sides, duplicates. False: drop the pair.
  bool keep_text(const TextPair& pair);
  // Then by the ids: empty sides, length, ratio; may truncate both. False: drop the pair. Counts the kept ones.
  bool keep_ids(const TextPair& pair, std::vector<int32_t>& source, std::vector<int32_t>& target);
  const CleaningReport& report() const { return report_; }

 private:
  struct SeenPairs;
  bool apply(size_t reason, const std::string& policy, const TextPair& pair, const std::string& what);
  CleaningConfig config_;
  CleaningReport report_;
  std::unique_ptr<SeenPairs> seen_;
};

}  // namespace attnzoo
