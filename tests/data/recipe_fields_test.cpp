#include "data/recipe_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/catch.h"

using namespace attnzoo;

namespace {
using Keys = std::vector<std::string>;
}

TEST_CASE("the fields of a recipe are found by the names that people try as options") {
  const Keys keys = dotted_keys({{"train",
                                  {{"max_steps", 0},
                                   {"learning_rate", 1},
                                   {"optimizer", {{"kind", "adam"}}},
                                   {"early_stopping", {{"patience", 0}}},
                                   {"batch", {{"batch_tokens", 1}}}}},
                                 {"model", {{"dropout", 0}, {"encoder_dropout", 0}}}});
  CHECK(fields_called("max-steps", keys) == Keys{"train.max_steps"});
  CHECK(fields_called("train.max_steps", keys) == Keys{"train.max_steps"});
  CHECK(fields_called("lr", keys) == Keys{"train.learning_rate"});
  CHECK(fields_called("optimizer", keys) == Keys{"train.optimizer.kind"});
  CHECK(fields_called("early-stopping-patience", keys) == Keys{"train.early_stopping.patience"});
  CHECK(fields_called("patience", keys) == Keys{"train.early_stopping.patience"});
  CHECK(fields_called("batch-size", keys) == Keys{"train.batch.batch_tokens"});
  CHECK(fields_called("dropout", keys) == Keys{"model.dropout"});  // not the end of encoder_dropout, which is one name
  CHECK(fields_called("steps-per-second", keys).empty());
}

TEST_CASE("every form of text is among the fields of a data section") {
  const auto keys = dotted_keys({{"data", complete_data_section()}});
  for (const char* key : {"data.train.source", "data.train.target", "data.train.tsv", "data.train.jsonl", "data.train.text", "data.cache",
                          "data.tokenizer.vocabulary_size", "data.clean.invalid_utf8"})
    CHECK(std::ranges::count(keys, key) == 1);
}
