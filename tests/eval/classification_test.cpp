#include "eval/classification.h"

#include <nlohmann/json.hpp>

#include "data/error.h"

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
