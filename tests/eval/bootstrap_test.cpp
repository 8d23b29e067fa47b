// Intervals and p-values against sacrebleu's (tests/fixtures/make_bootstrap.py), and the statistics of words.
#include "eval/bootstrap.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "eval/evaluation_report.h"
#include "eval/numpy_random.h"
#include "eval/word_statistics.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("Random choices are numpy's", "[bootstrap]") {
  const auto fixture = read_json(std::filesystem::path(ATTNZOO_SOURCE_DIR) / "tests/fixtures/bootstrap.json");
  for (size_t i = 0; i < fixture["bounds"].size(); ++i) {
    NumpyRandom random(12345);
    for (const auto& expected : fixture["choice"][i]) CHECK(random.below(fixture["bounds"][i].get<uint32_t>()) == expected.get<uint32_t>());
  }
}

TEST_CASE("Scores, intervals and p-values are sacrebleu's", "[bootstrap]") {
  const auto fixture = read_json(std::filesystem::path(ATTNZOO_SOURCE_DIR) / "tests/fixtures/bootstrap.json");
  const auto references = fixture["references"].get<std::vector<std::string>>();
  std::vector<EvaluatedSystem> systems;
  for (const auto& hypotheses : fixture["systems"]) systems.push_back({"s", hypotheses.get<std::vector<std::string>>(), {}});
  const auto report = translation_report(systems, {}, references, {}, {}, nullptr, "no text");
  REQUIRE(report["metrics"].size() == 2);
  for (size_t m = 0; m < 2; ++m) {
    const auto& ours = report["metrics"][m];
    const auto& theirs = fixture["metrics"][m];
    CHECK(ours["name"] == theirs["name"]);
    for (size_t s = 0; s < 2; ++s) {
      CHECK(ours["systems"][s]["score"].get<double>() == Approx(theirs["systems"][s]["score"].get<double>()).epsilon(1e-12));
      // sacrebleu sums and averages in single precision.
      CHECK(ours["systems"][s]["mean"].get<double>() == Approx(theirs["systems"][s]["mean"].get<double>()).epsilon(1e-5));
      CHECK(ours["systems"][s]["half_width"].get<double>() == Approx(theirs["systems"][s]["half_width"].get<double>()).epsilon(1e-4));
    }
    CHECK(ours["systems"][1]["p_value"].get<double>() == theirs["systems"][1]["p_value"].get<double>());
  }
  for (size_t i = 0; i < references.size(); ++i)
    CHECK(std::abs(report["sentence_bleu"][0][i].get<double>() - fixture["sentence_bleu"][i].get<double>()) < 0.0051);
}

TEST_CASE("An interval is the middle 95 % of the samples", "[bootstrap]") {
  std::vector<double> scores;
  for (int i = 0; i < 1000; ++i) scores.push_back(999 - i);
  const auto interval = interval_of(scores);
  CHECK(interval.low == 25);
  CHECK(interval.high == 974);
  CHECK(interval.mean == 499.5);
  CHECK(paired_p_value({1, 1, 1}, {1, 1, 1}, 1, 1) == 1);
  CHECK(paired_p_value({5, 5, 5}, {1, 1, 1}, 5, 1) == 0.25);
}

TEST_CASE("Words are told apart by how often training saw them", "[bootstrap]") {
  WordCounts training;
  for (int i = 0; i < 10; ++i) count_words("often", training);
  count_words("once", training);
  CHECK(frequency_bucket_names() == std::vector<std::string>{"0", "1", "2-4", "5-9", "10-99", "100-999", "1000+"});
  const std::vector<std::string> hypotheses = {"often often new", "once"}, references = {"often new new", "other"};
  const auto buckets = accuracy_by_frequency(hypotheses, references, training);
  CHECK(buckets[0].f1() == 2.0 * 1 / (1 + 3));  // new is right once; one new and other are missing
  CHECK(buckets[1].f1() == 0);
  CHECK(buckets[4].f1() == 2.0 * 1 / (2 + 1));
  CHECK(std::isnan(buckets[6].f1()));
}

TEST_CASE("Copied and repeated words are shares of the words of two letters or more", "[bootstrap]") {
  const std::vector<std::string> hypotheses = {"das das Haus Linux a"}, sources = {"the house Linux a"};
  const auto shares = word_shares(hypotheses, sources);
  CHECK(shares.copied == 0.25);
  CHECK(shares.repeated == 0.25);
}

TEST_CASE("A report of labels counts confusions and how far confidence is off", "[bootstrap]") {
  const std::vector<EvaluatedSystem> systems = {{"s", {"x", "x", "y", "x"}, {0.95, 0.95, 0.55, 0.95}}};
  const std::vector<std::string> references = {"x", "y", "y", "x"};
  const auto report = classification_report(systems, {}, references);
  CHECK(report["metrics"][0]["systems"][0]["score"] == 75.0);
  CHECK(report["confusion"][0] == nlohmann::json::parse("[[2,0],[1,1]]"));
  CHECK(report["calibration"][0]["bins"][9]["count"] == 3);
  CHECK(report["calibration"][0]["bins"][9]["accuracy"].get<double>() == Approx(2.0 / 3));
  CHECK(report["calibration"][0]["expected_error"].get<double>() == Approx(0.75 * (0.95 - 2.0 / 3) + 0.25 * 0.45));
}

}  // namespace attnzoo::test
