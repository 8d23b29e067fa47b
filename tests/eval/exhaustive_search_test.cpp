// Beam search against the whole space of hypotheses.
#include <ATen/ATen.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "eval/sentence_beam.h"
#include "tests/eval/search_checks.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

bool repeats_ngram(const Ids& ids, int64_t n) {
  std::set<Ids> seen;
  for (auto begin = ids.begin(); n > 0 && ids.end() - begin >= n; ++begin)
    if (!seen.emplace(begin, begin + n).second) return true;
  return false;
}

// Every hypothesis that the options allow with its score: the space that a beam searches.
void enumerate(const TableModel::Logits& logits, const Ids& source, Ids& prefix, double log_probability, const SearchOptions& options,
               std::vector<Hypothesis>& all) {
  const auto add = [&](double total, bool truncated) {
    const auto length = static_cast<double>(prefix.size() + (truncated ? 0 : 1));
    Hypothesis hypothesis;
    hypothesis.ids.assign(prefix.begin(), prefix.end());
    hypothesis.log_probability = total;
    hypothesis.score = total / std::pow((5 + length) / 6, options.length_penalty);
    hypothesis.truncated = truncated;
    all.push_back(hypothesis);
  };
  if (static_cast<int64_t>(prefix.size()) == options.max_length) return add(log_probability, true);
  const auto row = at::log_softmax(torch::tensor(logits(source, prefix)).to(torch::kDouble), 0);
  bool goes_on = static_cast<int64_t>(prefix.size()) >= options.min_length;
  if (goes_on) add(log_probability + row[kEosId].item<double>(), false);
  for (int64_t id = 0; id < row.size(0); ++id) {
    if (id == kPadId || id == kBosId || id == kEosId) continue;
    prefix.push_back(id);
    if (!repeats_ngram(prefix, options.no_repeat_ngram)) {
      goes_on = true;
      enumerate(logits, source, prefix, log_probability + row[id].item<double>(), options, all);
    }
    prefix.pop_back();
  }
  if (!goes_on) add(log_probability, true);
}

// The whole space, best first; hypotheses that no token may follow come last.
std::vector<Hypothesis> all_hypotheses(const TableModel::Logits& logits, const Ids& source, const SearchOptions& options) {
  std::vector<Hypothesis> all;
  Ids prefix;
  enumerate(logits, source, prefix, 0, options, all);
  const auto is_stuck = [&](const Hypothesis& h) { return h.truncated && static_cast<int64_t>(h.ids.size()) < options.max_length; };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return is_stuck(a) != is_stuck(b) ? is_stuck(b) : a.score > b.score; });
  return all;
}

}  // namespace

TEST_CASE("a beam as wide as the space finds the exhaustive optimum and the n best in order") {
  constexpr int64_t kSmall = 7;  // four special tokens and three words
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    for (const double length_penalty : {0.0, 1.0}) {
      const auto logits = hashed_logits(kSmall, seed, 1.5, 0.0);
      TableModel model(kSmall, logits);
      auto options = with_beam(500, 20);
      options.max_length = 4;
      options.length_penalty = length_penalty;
      const auto results = search(model, source_rows({{5, 6}}), options);
      const auto all = all_hypotheses(logits, {5, 6, kEosId}, options);
      REQUIRE(results[0].size() == 20);
      for (size_t i = 0; i < 20; ++i) {
        CHECK(results[0][i].ids == all[i].ids);
        CHECK(results[0][i].score == Approx(all[i].score).epsilon(1e-5));
        CHECK(results[0][i].truncated == all[i].truncated);
      }
    }
  }
}

TEST_CASE("as many hypotheses as asked for come back if the model has them, whatever the patience, bans and limits") {
  constexpr int64_t kSmall = 6;  // four special tokens and two words
  for (const uint64_t seed : {1, 2, 3}) {
    for (const auto& [no_repeat_ngram, min_length] : std::vector<std::pair<int64_t, int64_t>>{{0, 0}, {1, 0}, {1, 2}, {1, 4}, {2, 1}}) {
      const auto logits = hashed_logits(kSmall, seed, 1.5, 0.0);
      TableModel model(kSmall, logits);
      SearchOptions options;
      options.max_length = 4;
      options.min_length = min_length;
      options.no_repeat_ngram = no_repeat_ngram;
      const auto all = all_hypotheses(logits, {5, kEosId}, options);
      for (const int64_t beam : {1, 2, 5, 12, 300}) {
        options.beam = beam;
        for (const int64_t n_best : {int64_t{1}, beam / 2 + 1, beam}) {
          options.n_best = n_best;
          for (const double patience : {0.01, 0.2, 1.0, 3.0, std::numeric_limits<double>::infinity()}) {
            options.patience = patience;
            const auto found = search(model, source_rows({{5}}), options)[0];
            INFO("seed " << seed << ", no " << no_repeat_ngram << "-gram twice, at least " << min_length << " tokens, beam " << beam
                         << ", n-best " << n_best << ", patience " << patience);
            REQUIRE(found.size() == std::min(static_cast<size_t>(n_best), all.size()));
            std::set<std::vector<int32_t>> distinct;
            for (const auto& hypothesis : found) {
              const auto same = std::find_if(all.begin(), all.end(), [&](const auto& other) {
                return other.ids == hypothesis.ids && other.truncated == hypothesis.truncated;
              });
              REQUIRE(same != all.end());
              CHECK(hypothesis.score == Approx(same->score).epsilon(1e-5));
              CHECK(distinct.insert(hypothesis.ids).second);
            }
            if (beam < 300 || patience < 3) continue;
            for (size_t i = 0; i < found.size(); ++i) CHECK(found[i].ids == all[i].ids);
          }
        }
      }
    }
  }
}

TEST_CASE("endless patience is never beaten by the usual stopping, and costs no less") {
  int64_t num_better = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, seed, 2.0, 0.0));
    auto options = with_beam(3);
    const auto usual = search(model, source_rows(kSentences), options);
    const auto usual_rows = model.num_rows.exchange(0);
    options.patience = std::numeric_limits<double>::infinity();
    const auto patient = search(model, source_rows(kSentences), options);
    CHECK(usual_rows <= model.num_rows);
    for (size_t b = 0; b < kSentences.size(); ++b) {
      CHECK(patient[b][0].score >= usual[b][0].score);
      num_better += patient[b][0].score > usual[b][0].score;
    }
  }
  CHECK(num_better > 0);
}
