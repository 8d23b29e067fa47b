#include "eval/search.h"

#include <ATen/ATen.h>
#include <torch/types.h>

#include <algorithm>
#include <limits>
#include <set>

#include "data/error.h"
#include "eval/sentence_beam.h"
#include "tests/eval/search_checks.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

TEST_CASE("beam 1 is greedy search") {
  const auto logits = hashed_logits(kSearchVocabulary, 3);
  TableModel model(kSearchVocabulary, logits);
  const auto results = search(model, source_rows(kSentences), with_beam(1));
  for (size_t b = 0; b < kSentences.size(); ++b) {
    auto source = kSentences[b];
    source.push_back(kEosId);
    Ids prefix;
    double log_probability = 0;
    bool ended = false;
    const auto limit = std::min<size_t>(30, 3 * kSentences[b].size() + 10);
    while (!ended && prefix.size() < limit) {
      auto row = at::log_softmax(torch::tensor(logits(source, prefix)).to(torch::kDouble), 0);
      auto allowed = row.clone();
      allowed[kPadId] = allowed[kBosId] = -std::numeric_limits<double>::infinity();
      const auto best = allowed.argmax().item<int64_t>();
      log_probability += row[best].item<double>();
      ended = best == kEosId;
      if (!ended) prefix.push_back(best);
    }
    REQUIRE(results[b].size() == 1);
    CHECK(Ids(results[b][0].ids.begin(), results[b][0].ids.end()) == prefix);
    CHECK(results[b][0].log_probability == Approx(log_probability).epsilon(1e-5));
    CHECK(results[b][0].truncated == !ended);
  }
}

TEST_CASE("a sentence stops as soon as nothing can overtake its best") {
  // </s> is nearly certain at once: without normalisation no other hypothesis can win, however many could still end.
  TableModel model(kSearchVocabulary, [](const Ids&, const Ids&) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[kEosId] = 9;
    return logits;
  });
  auto options = with_beam(4);
  options.length_penalty = 0;
  const auto results = search(model, source_rows({{5}}), options);
  CHECK(results[0][0].ids.empty());
  CHECK(model.num_steps == 1);
}

TEST_CASE("a result depends on its sentence alone: not on batch, order or padding") {
  for (const int64_t beam : {1, 4}) {
    TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 7));
    const auto options = with_beam(beam, beam);
    const auto together = search(model, source_rows(kSentences), options);
    const auto padded = search(model, source_rows(kSentences, 9), options);
    auto reversed_sentences = kSentences;
    std::reverse(reversed_sentences.begin(), reversed_sentences.end());
    const auto reversed = search(model, source_rows(reversed_sentences), options);
    for (size_t b = 0; b < kSentences.size(); ++b) {
      check_equal(together[b], padded[b]);
      check_equal(together[b], reversed[kSentences.size() - 1 - b]);
      check_equal(together[b], search(model, source_rows({kSentences[b]}), options)[0]);
    }
    check_equal(together[0], together[5]);  // the same sentence twice
  }
}

TEST_CASE("finished sentences leave the batch") {
  // Sentence of id 4 ends at once, that of id 5 after ten tokens.
  TableModel model(kSearchVocabulary, [](const Ids& source, const Ids& prefix) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[source[0] == 4 || prefix.size() == 10 ? kEosId : 6] = 20;
    return logits;
  });
  const auto results = search(model, source_rows({{4}, {5}, {4}}), with_beam(1));
  CHECK(results[1][0].ids == std::vector<int32_t>(10, 6));
  CHECK(model.num_steps == 11);
  CHECK(model.num_rows == 3 + 10);
}

TEST_CASE("n-best hypotheses are sorted by score and distinct") {
  TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 11));
  for (const auto& hypotheses : search(model, source_rows(kSentences), with_beam(6, 6))) {
    REQUIRE(hypotheses.size() == 6);
    std::set<std::vector<int32_t>> distinct;
    for (size_t i = 0; i < hypotheses.size(); ++i) {
      distinct.insert(hypotheses[i].ids);
      if (i > 0) CHECK(hypotheses[i - 1].score >= hypotheses[i].score);
    }
    CHECK(distinct.size() == 6);
  }
}

TEST_CASE("the score is log p divided by ((5 + length) / 6)^a, with </s> counted") {
  CHECK(normalized_score(-6.0, 7, 1.0) == Approx(-3.0));
  CHECK(normalized_score(-6.0, 7, 0.0) == -6.0);
  CHECK(normalized_score(-6.0, 19, 0.5) == Approx(-3.0));
  TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 5));
  auto options = with_beam(3, 3);
  options.length_penalty = 0.6;
  for (const auto& hypotheses : search(model, source_rows(kSentences), options)) {
    for (const auto& hypothesis : hypotheses) {
      const auto length = static_cast<double>(hypothesis.ids.size()) + (hypothesis.truncated ? 0 : 1);
      CHECK(hypothesis.score == Approx(hypothesis.log_probability / std::pow((5 + length) / 6, 0.6)));
    }
  }
}

TEST_CASE("a hypothesis that reaches the maximum length is ended there and flagged") {
  TableModel model(kSearchVocabulary, [](const Ids&, const Ids&) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[6] = 20;
    return logits;
  });
  auto options = with_beam(2);
  options.max_length = 5;
  auto results = search(model, source_rows({{4, 5}}), options);
  CHECK(results[0][0].truncated);
  CHECK(results[0][0].ids == std::vector<int32_t>(5, 6));
  options.max_length = 100;
  results = search(model, source_rows({{4, 5}, {4, 5, 6, 7}}), options);
  CHECK(results[0][0].ids.size() == 16);  // 3 * 2 source tokens + 10
  CHECK(results[1][0].ids.size() == 22);
  options.max_length_ratio = 0.5;
  CHECK(search(model, source_rows({{4, 5, 6}}), options)[0][0].ids.size() == 11);
}

TEST_CASE("min_length keeps </s> away until it is reached") {
  TableModel model(kSearchVocabulary, [](const Ids&, const Ids&) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[kEosId] = 20;
    return logits;
  });
  auto options = with_beam(1);
  options.min_length = 4;
  const auto results = search(model, source_rows({{4}}), options);
  CHECK(results[0][0].ids.size() == 4);
  CHECK_FALSE(results[0][0].truncated);
}

TEST_CASE("the minimum length prevails over a maximum that depends on the source") {
  TableModel model(kSearchVocabulary, [](const Ids&, const Ids& prefix) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[prefix.size() < 20 ? 6 : kEosId] = 20;
    return logits;
  });
  auto options = with_beam(2);
  options.max_length_ratio = 0;  // 10 tokens for every source
  CHECK(search(model, source_rows({{4, 5}}), options)[0][0].ids.size() == 10);
  for (const int64_t min_length : {9, 10, 12, 30}) {
    options.min_length = min_length;
    for (const auto& sample : {false, true}) {
      options.sample = sample;
      const auto hypothesis = search(model, source_rows({{4, 5}}), options)[0][0];
      CHECK(hypothesis.ids.size() == static_cast<size_t>(std::max<int64_t>(min_length, 10)));
      CHECK(hypothesis.truncated);
    }
  }
}

TEST_CASE("no n-gram occurs twice when repeats are blocked") {
  const auto loop = [](const Ids&, const Ids& prefix) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[5 + prefix.size() % 2] = 5;
    logits[kEosId] = -5;
    return logits;
  };
  for (const int64_t beam : {1, 4}) {
    TableModel model(kSearchVocabulary, loop);
    auto options = with_beam(beam);
    options.max_length = 25;
    options.max_length_ratio = 100;
    for (const int64_t n : {1, 2, 3}) {
      options.no_repeat_ngram = n;
      const auto ids = search(model, source_rows({{4}}), options)[0][0].ids;
      INFO("beam " << beam << ", n " << n << ", " << ids.size() << " tokens");
      REQUIRE(ids.size() >= static_cast<size_t>(n));
      std::set<std::vector<int32_t>> seen;
      for (auto begin = ids.begin(); begin + n <= ids.end(); ++begin) CHECK(seen.emplace(begin, begin + n).second);
    }
    options.no_repeat_ngram = 0;
    const auto looping = search(model, source_rows({{4}}), options)[0][0].ids;
    CHECK(looping[0] == looping[2]);
  }
}

TEST_CASE("a search that runs out of tokens ends with what it has, flagged") {
  TableModel model(6, [](const Ids&, const Ids&) { return std::vector<float>(6, 0.0f); });
  auto options = with_beam(2);
  options.no_repeat_ngram = 1;
  options.min_length = 20;  // only <unk>, 4 and 5 may be said, once each
  const auto results = search(model, source_rows({{4, 5, 4, 5}}), options);
  REQUIRE(results[0].size() == 1);
  CHECK(results[0][0].truncated);
  CHECK(results[0][0].ids.size() == 3);
}

TEST_CASE("a hypothesis that no token may follow does not displace one that ends") {
  // After 4 every token is banned; after 5 comes </s>. 4 is likelier.
  TableModel model(6, [](const Ids&, const Ids& prefix) {
    std::vector<float> logits(6, -std::numeric_limits<float>::infinity());
    logits[4] = prefix.empty() ? 2.0f : prefix[0] == 4 ? 0.0f : logits[4];
    logits[5] = prefix.empty() ? 1.0f : logits[5];
    if (!prefix.empty() && prefix[0] == 5) logits[kEosId] = 0;
    return logits;
  });
  auto options = with_beam(2, 2);
  options.no_repeat_ngram = 1;
  const auto found = search(model, source_rows({{4}}), options)[0];
  REQUIRE(found.size() == 2);
  CHECK(found[0].ids == std::vector<int32_t>{5});
  CHECK_FALSE(found[0].truncated);
  CHECK(found[1].ids == std::vector<int32_t>{4});
  CHECK(found[1].truncated);
  CHECK(found[1].score > found[0].score);
}

TEST_CASE("<pad> and <s> are never produced, however likely") {
  TableModel model(kSearchVocabulary, [](const Ids&, const Ids& prefix) {
    std::vector<float> logits(kSearchVocabulary, 0.0f);
    logits[kPadId] = logits[kBosId] = 30;
    logits[prefix.size() < 3 ? kUnkId : kEosId] = 10;
    return logits;
  });
  CHECK(search(model, source_rows({{4}}), with_beam(1))[0][0].ids == std::vector<int32_t>(3, kUnkId));
  const auto results = search(model, source_rows({{4}}), with_beam(5, 5));
  for (const auto& hypothesis : results[0]) {
    CHECK(std::count(hypothesis.ids.begin(), hypothesis.ids.end(), kPadId) == 0);
    CHECK(std::count(hypothesis.ids.begin(), hypothesis.ids.end(), kBosId) == 0);
  }
}

TEST_CASE("attention weights come with each hypothesis, one row a step, without the padding") {
  TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 9));
  auto options = with_beam(3, 3);
  options.want_attention = true;
  const auto results = search(model, source_rows(kSentences, 4), options);
  for (size_t b = 0; b < kSentences.size(); ++b) {
    for (const auto& hypothesis : results[b]) {
      const auto& attention = hypothesis.attention_TS;
      REQUIRE(attention.size(0) == static_cast<int64_t>(hypothesis.ids.size()) + (hypothesis.truncated ? 0 : 1));
      REQUIRE(attention.size(1) == static_cast<int64_t>(kSentences[b].size()) + 1);
      for (int64_t t = 0; t < std::min(attention.size(0), attention.size(1)); ++t) CHECK(attention[t][t].item<float>() == 1);
    }
  }
  options.want_attention = false;
  CHECK_FALSE(search(model, source_rows({{5}}), options)[0][0].attention_TS.defined());
}

TEST_CASE("an empty batch gives an empty result") {
  TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 1));
  CHECK(search(model, torch::empty({0, 5}, torch::kLong), {}).empty());
}

TEST_CASE("search options are checked together") {
  SearchOptions options;
  options.beam = 0;
  options.n_best = 2;
  options.length_penalty = -1;
  options.max_length = 0;
  options.min_length = 3;
  options.max_length_ratio = -2;
  options.no_repeat_ngram = -1;
  options.patience = 0;
  TableModel model(kSearchVocabulary, hashed_logits(kSearchVocabulary, 1));
  CHECK_THROWS_WITH(
      search(model, source_rows({{5}}), options),
      "search: beam: must be between 1 and 1000, got 0; n_best: must be at most beam (0), got 2; length_penalty: must be between 0 and "
      "100, got -1; max_length: must be between 1 and 100000, got 0; min_length: must be at most max_length (0), got 3; max_length_ratio: "
      "must be between 0 and 1000, got -2; no_repeat_ngram: must be between 0 and 1000, got -1; patience: must be above 0, got 0");
  options = {};
  options.beam = std::numeric_limits<int64_t>::max();
  options.sampling.temperature = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(
      search(model, source_rows({{5}}), options),
      "search: beam: must be between 1 and 1000, got 9223372036854775807; temperature: must be above 0 and at most 1000, got nan");
  CHECK(SearchOptions().problems().empty());
}
