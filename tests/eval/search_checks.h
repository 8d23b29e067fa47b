// Sentences, options and comparisons that tests of searches share.
#pragma once

#include <set>
#include <vector>

#include "eval/search.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

namespace attnzoo::test {

inline constexpr int64_t kSearchVocabulary = 11;

inline SearchOptions with_beam(int64_t beam, int64_t n_best = 1) {
  SearchOptions options;
  options.beam = beam;
  options.n_best = n_best;
  options.max_length = 30;
  return options;
}

inline const std::vector<Ids> kSentences = {{5, 6, 7}, {8}, {9, 10, 4, 5, 6}, {4, 4}, {10, 9, 8, 7, 6, 5, 4}, {5, 6, 7}};

inline void check_equal(const std::vector<Hypothesis>& a, const std::vector<Hypothesis>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].ids == b[i].ids);
    CHECK(a[i].log_probability == b[i].log_probability);
    CHECK(a[i].score == b[i].score);
    CHECK(a[i].truncated == b[i].truncated);
  }
}

}  // namespace attnzoo::test
