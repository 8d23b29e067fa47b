#include "data/importers/starting_recipe.h"

#include <nlohmann/json.hpp>

#include "data/json_fields.h"
#include "data/task.h"
#include "train/training_recipe.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("the recipe of an import is complete for every task and amount of text") {
  for (const auto& task : {"translation", "summarisation", "classification"}) {
    for (const int64_t num_pairs : {1, 3000, 3001, 100000, 10000000}) {
      INFO(task << ", " << num_pairs);
      nlohmann::json data = {{"train", {{"source", "train.en"}, {"target", "train.de"}}}};
      if (num_pairs > 1) data["valid"] = {{"source", "valid.en"}, {"target", "valid.de"}};
      const auto text = starting_recipe(task, data, num_pairs);
      const auto recipe = TrainingRecipe::from_json(parse_json(text, "recipe.json"), "/folder");
      CHECK(recipe.task == task);
      CHECK(recipe.data.train.files() == FileList{"/folder/train.en", "/folder/train.de"});
      CHECK(recipe.train.batch.batch_tokens == settings_for(num_pairs).batch_tokens);
      CHECK(recipe.train.max_time > 0);
    }
  }
}

}  // namespace attnzoo::test
