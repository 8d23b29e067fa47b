#include "eval/classification.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "eval/evaluation_report.h"

#include "tests/catch.h"

using namespace attnzoo;

TEST_CASE("Accuracy and macro-F1 are those of scikit-learn") {
  // sklearn.metrics.accuracy_score and f1_score(average="macro") of these lists: 0.5714285714, 0.4547619048.
  const std::vector<std::string> references = {"a", "a", "a", "b", "b", "c", "c"}, predictions = {"a", "a", "b", "b", "a", "d", "c"};
  const auto score = score_labels(predictions, references);
  CHECK(score.accuracy() == Approx(4.0 / 7));
  // F1 of a 4/6, b 2/4, c 2/3, d 0: a label that was only predicted counts.
  CHECK(score.macro_f1() == Approx((4.0 / 6 + 2.0 / 4 + 2.0 / 3 + 0) / 4));
  REQUIRE(score.labels.size() == 4);
  CHECK(score.labels[0].precision() == Approx(2.0 / 3));
  CHECK(score.labels[2].recall() == Approx(1.0 / 2));
  CHECK(score.to_json()["labels"][3]["label"] == "d");
  CHECK_THROWS_WITH(score_labels(predictions, std::vector<std::string>{"a"}),
                    "classification: 7 predictions and 1 references; equal counts are needed");
}

TEST_CASE("White space around a label is no part of it") {
  const auto score = score_labels(std::vector<std::string>{"good", "bad"}, std::vector<std::string>{"good ", "\tbad\r"});
  CHECK(score.num_correct == 2);
  CHECK(score.labels.size() == 2);
}

TEST_CASE("Confusions are counted, as a table of few labels and a list of many") {
  const std::vector<std::string> references = {"a", "a", "a", "b", "c"}, predictions = {"a", "b", "b", "b", "d"};
  const auto score = score_labels(predictions, references);
  CHECK(score.confusions() ==
        "texts by label (line) and predicted label (column, numbered as the lines)\n"
        "           1   2   3   4\n"
        " 1 a       1   2   0   0\n"
        " 2 b       0   1   0   0\n"
        " 3 c       0   0   0   1\n"
        " 4 d       0   0   0   0\n");
  CHECK(score.to_json()["confusion"] == nlohmann::json{{{"label", "a"}, {"predicted", "a"}, {"texts", 1}},
                                                       {{"label", "a"}, {"predicted", "b"}, {"texts", 2}},
                                                       {{"label", "b"}, {"predicted", "b"}, {"texts", 1}},
                                                       {{"label", "c"}, {"predicted", "d"}, {"texts", 1}}});
  std::vector<std::string> many, wrong;
  for (char label = 'a'; label < 'n'; ++label) many.emplace_back(1, label);
  wrong = many;
  many.push_back("a");
  wrong.push_back("m");
  CHECK(score_labels(wrong, many).confusions() == "most frequent confusions:\n  1 of 2 texts of 'a' labelled 'm'\n");
  CHECK(score_labels(many, many).confusions().empty());
}

TEST_CASE("A report takes labels with white space around them for the labels") {
  const std::vector<std::string> references = {"good ", "bad"};
  const auto report = classification_report(std::vector<EvaluatedSystem>{{"run", {"good", "good"}, {0.9, 0.6}}}, {}, references);
  CHECK(report["confusion"][0] == nlohmann::json{{0, 1}, {0, 1}});
  CHECK(report["metrics"][0]["systems"][0]["score"] == 50);
}
