#include "data/recipe.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using nlohmann::json;

TEST_CASE("settings of the command line change the recipe, in order") {
  const test::TemporaryDirectory folder;
  const auto file = folder.file("r.json", R"({"train": {"max_steps": 5}, /* why */ "data": {"train": {"source": "a"}}})");
  const json recipe = read_recipe(file, {"train.max_steps=6", "train.max_steps=7", "model.family=transformer", "model.note=a=b"});
  CHECK(recipe == json::parse(R"({"train": {"max_steps": 7}, "data": {"train": {"source": "a"}},
                                  "model": {"family": "transformer", "note": "a=b"}})"));
}

TEST_CASE("file names on the command line are relative to the working folder") {
  const std::string here = std::filesystem::current_path().string();
  json recipe = {{"data", {{"train", {{"source", "in/recipe.en"}}}}}};
  apply_setting(recipe, "data.train.target=my.de");
  apply_setting(recipe, "data.cache=../cache");
  apply_setting(recipe, R"(data.valid={"source": ["a.en", "/abs/b.en"], "target": "-", "source_field": "en"})");
  CHECK(recipe["data"]["train"] == json{{"source", "in/recipe.en"}, {"target", here + "/my.de"}});
  CHECK(recipe["data"]["cache"] == std::filesystem::path(here).parent_path().string() + "/cache");
  CHECK(recipe["data"]["valid"] == json{{"source", {here + "/a.en", "/abs/b.en"}}, {"target", "-"}, {"source_field", "en"}});
}

TEST_CASE("file names of every form of text, and of other fields that hold paths, are relative to the working folder") {
  const std::string here = std::filesystem::current_path().string();
  for (const char* part : {"train", "valid"}) {
    for (const char* key : {"source", "target", "tsv", "jsonl", "text"}) {
      json recipe = json::object();
      apply_setting(recipe, fmt::format("data.{}.{}=my.txt", part, key));
      CHECK(recipe["data"][part][key] == here + "/my.txt");
    }
  }
  json recipe = json::object();
  apply_setting(recipe, R"(data={"train": {"text": ["a", "-"]}, "valid": {"jsonl": "v", "source_field": "x"}})");
  CHECK(recipe["data"] == json{{"train", {{"text", {here + "/a", "-"}}}}, {"valid", {{"jsonl", here + "/v"}, {"source_field", "x"}}}});
  apply_setting(recipe, "train.initial_checkpoint=runs/a", {"train.initial_checkpoint"});
  CHECK(recipe["train"]["initial_checkpoint"] == here + "/runs/a");
}

TEST_CASE("a setting that no configuration can store is refused with its field") {
  json recipe = json::object();
  CHECK_THROWS_WITH(
      apply_setting(recipe, "data.train.text=caf\xE9.txt"),
      Equals("data.train.text: 'caf\xEF\xBF\xBD.txt' is not valid UTF-8 at byte 4, so it cannot be stored in a configuration; "
             "rename the file or folder"));
  CHECK_THROWS_WITH(apply_setting(recipe, "train.learning_rate=1e400"),
                    Equals("train.learning_rate: the number 1e400 is too large; the largest is 1.8e308"));
  CHECK_THROWS_WITH(string_setting("train.initial_checkpoint", "r\xFF"),
                    ContainsSubstring("train.initial_checkpoint: 'r\xEF\xBF\xBD' is not"));
  apply_setting(recipe, string_setting("train.initial_checkpoint", "123"));
  CHECK(recipe == json{{"train", {{"initial_checkpoint", "123"}}}});
}

TEST_CASE("a setting or a recipe that is none is refused") {
  json recipe = json::object();
  CHECK_THROWS_WITH(apply_setting(recipe, "train.max_steps"),
                    Equals("--set train.max_steps: must be KEY=VALUE, such as train.max_steps=100"));
  CHECK_THROWS_AS(apply_setting(recipe, "=5"), UsageError);
  const test::TemporaryDirectory folder;
  CHECK_THROWS_WITH(read_recipe(folder.file("r.json", "[]"), {}), ContainsSubstring("r.json: a recipe must be a JSON object"));
  CHECK_THROWS_WITH(read_recipe(folder.file("r.json", ""), {}), ContainsSubstring("r.json:1: not valid JSON"));
}
