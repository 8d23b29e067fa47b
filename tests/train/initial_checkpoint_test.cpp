// Fine-tuning: training that begins with a checkpoint.
#include "train/initial_checkpoint.h"

#include "data/error.h"
#include "data/files.h"
#include "models/registry.h"
#include "tests/program.h"
#include "tests/train/tiny_run.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

Outcome train_shell(const TemporaryDirectory& folder, const std::string& command) {
  return run_merged(folder.path(), "export OMP_NUM_THREADS=1; " + command);
}

// The last validation's loss of a run.
double validation_loss(const TemporaryDirectory& folder, const std::string& run) {
  double loss = -1;
  const auto log = read_file(folder / (run + "/log.jsonl"));
  for (size_t begin = 0, end; (end = log.find('\n', begin)) != log.npos; begin = end + 1) {
    const auto entry = nlohmann::json::parse(log.substr(begin, end - begin));
    if (entry["event"] == "validation") loss = entry["loss"];
  }
  return loss;
}

std::string inherited_problem(const nlohmann::json& recipe_model, const nlohmann::json& checkpoint_model) {
  nlohmann::json recipe = {{"model", recipe_model}};
  try {
    inherit_model(recipe, {{"model", complete_model_config(checkpoint_model)}}, "RUN");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return recipe["model"].dump();
}

}  // namespace

TEST_CASE("--init begins with a run's weights, model and tokenisers, and the run remembers it") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  folder.file("first.json", tiny_recipe(folder, {{"max_steps", 30}, {"validate_every", 30}, {"best_metric", "loss"}}).dump());
  REQUIRE(train_shell(folder, "attnzoo-train first.json --run first --quiet").status == 0);
  // Other text, no model section, and steps that change nothing.
  auto recipe = tiny_recipe(folder, {{"max_steps", 1}, {"validate_every", 1}, {"learning_rate", 1e-12}});
  recipe.erase("model");
  recipe["data"].erase("tokenizer");
  write_reversal_task(folder, "more", 50, 9);
  recipe["data"]["train"] = {{"source", "more.in"}, {"target", "more.out"}};
  recipe["data"]["cache"] = "prepared-more";
  folder.file("second.json", recipe.dump());
  const auto second = train_shell(folder, "attnzoo-train second.json --run second --init first");
  INFO(second.output);
  REQUIRE(second.status == 0);
  const auto checkpoint = (folder / "first/checkpoints/step-000030").string();
  CHECK_THAT(second.output, ContainsSubstring("weights and tokenisers: those of " + checkpoint));
  CHECK(validation_loss(folder, "second") == Approx(validation_loss(folder, "first")).epsilon(1e-5));
  const auto config = nlohmann::json::parse(read_file(folder / "second/config.json"));
  CHECK(config["train"]["initial_checkpoint"] == checkpoint);
  CHECK(config["data"]["tokenizer"]["kind"] == "words");
  CHECK(config["data"]["tokenizer"]["vocabulary_size"] == 40);
  CHECK(config["model"] == nlohmann::json::parse(read_file(folder / "first/config.json"))["model"]);
  CHECK(read_file(folder / "second/checkpoints/last/source.tokenizer") == read_file(folder / "first/checkpoints/last/source.tokenizer"));

  // The checkpoint has done its work: going on does not need it.
  std::filesystem::remove_all(folder / "first");
  CHECK(train_shell(folder, "attnzoo-train second.json --run second --resume --set train.max_steps=2 --quiet").output == "");
  CHECK(train_shell(folder, "attnzoo-train --run second --resume --init first").output ==
        "attnzoo-train: --init starts a run and --resume continues one; omit --init, the run remembers it\n"
        "See: attnzoo-train --help\n");
  CHECK(train_shell(folder, "attnzoo-train second.json --run third --init first").output ==
        "attnzoo-train: error: " + (folder / "first").string() + ": no such run folder or checkpoint\n");
}

TEST_CASE("a recipe that names another model than the checkpoint's is refused, field by field") {
  const nlohmann::json stored = {{"family", "transformer"}, {"preset", "tiny"}, {"encoder_layers", 2}};
  const std::string begin = "model and tokenisers are those of the checkpoint that training starts from, but the recipe names others:\n  ",
                    end = "\n  omit these fields";
  const auto unchanged = complete_model_config(stored).dump();
  CHECK(inherited_problem(nlohmann::json::object(), stored) == unchanged);
  CHECK(inherited_problem({{"family", "transformer"}, {"model_dim", 128}, {"decoder_layers", 4}, {"tied_embeddings", "auto"}}, stored) ==
        unchanged);
  CHECK(inherited_problem({{"preset", "tiny"}, {"encoder_layers", 2}}, stored) == unchanged);
  CHECK(inherited_problem({{"family", "attention-gru"}}, stored) ==
        begin + "model.family: \"transformer\" in RUN, \"attention-gru\" in the recipe" + end);
  CHECK(inherited_problem({{"layers", 4}, {"norm", "post"}, {"tied_embeddings", "none"}}, stored) ==
        begin +
            "model.tied_embeddings: \"auto\" in RUN, \"none\" in the recipe\n  model.encoder_layers: 2 in RUN, 4 in the recipe\n  "
            "model.encoder_norm: \"pre\" in RUN, \"post\" in the recipe\n  model.decoder_norm: \"pre\" in RUN, \"post\" in the recipe" +
            end);
  CHECK_THAT(inherited_problem({{"preset", "base"}}, stored), ContainsSubstring("model.encoder_dim: 128 in RUN, 512 in the recipe"));
  CHECK_THAT(inherited_problem({{"modeldim", 3}}, stored), ContainsSubstring("model.modeldim: unknown key (did you mean 'dim'?)"));
  // What acts in training alone is the recipe's to choose.
  const auto changed = nlohmann::json::parse(inherited_problem({{"dropout", 0.4}, {"decoder_layer_drop", 0.2}}, stored));
  CHECK(changed["dropout"] == 0.4);
  CHECK(changed["decoder_layer_drop"] == 0.2);
  CHECK(changed["encoder_layers"] == 2);

  nlohmann::json recipe = {{"task", "classification"}};
  CHECK_THROWS_WITH(inherit_model(recipe, {{"task", "translation"}, {"model", complete_model_config(stored)}}, "RUN"),
                    Equals("task: 'classification', but training starts from RUN, a model for 'translation'"));
}

TEST_CASE("tokeniser fields that the recipe names must be the checkpoint's, and the run records the checkpoint's") {
  const nlohmann::json config = {{"model", complete_model_config({{"family", "transformer"}, {"preset", "tiny"}})},
                                 {"data", {{"tokenizer", {{"kind", "words"}, {"vocabulary_size", 40}}}}}};
  const auto inherited = [&](const nlohmann::json& tokenizer, const nlohmann::json& checkpoint) {
    nlohmann::json recipe = {{"data", {{"tokenizer", tokenizer}}}};
    try {
      inherit_model(recipe, checkpoint, "RUN");
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return recipe["data"].dump();
  };
  CHECK(inherited({{"kind", "words"}, {"joint", true}}, config) == R"({"tokenizer":{"kind":"words","vocabulary_size":40}})");
  CHECK(inherited({{"kind", "characters"}, {"vocabulary_size", 50}, {"joint", false}}, config) ==
        "model and tokenisers are those of the checkpoint that training starts from, but the recipe names others:\n"
        "  data.tokenizer.joint: true in RUN, false in the recipe\n"
        "  data.tokenizer.kind: \"words\" in RUN, \"characters\" in the recipe\n"
        "  data.tokenizer.vocabulary_size: 40 in RUN, 50 in the recipe\n"
        "  omit these fields");
  CHECK_THAT(inherited({{"knd", "words"}}, config), ContainsSubstring("data.tokenizer.knd: unknown key (did you mean 'kind'?)"));
  // An imported model does not say how its tokenisers were made.
  CHECK_THAT(inherited({{"kind", "words"}}, {{"model", config["model"]}}),
             ContainsSubstring("data.tokenizer.kind: unknown in RUN, \"words\" in the recipe"));
  TokenizerPair pair;
  pair.source = train_tokenizer(TokenizerConfig{.kind = "words"}, std::vector<std::string>{"a b"});
  pair.target = train_tokenizer(TokenizerConfig{.kind = "words"}, std::vector<std::string>{"c d"});
  nlohmann::json recipe = {{"data", nlohmann::json::object()}};
  describe_tokenizers(recipe, pair);
  CHECK(recipe["data"].dump() == R"({"tokenizer":{"byte_fallback":false,"joint":false,"kind":"words","vocabulary_size":6}})");
}

}  // namespace attnzoo::test
