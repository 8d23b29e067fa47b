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
  CHECK(config["model"] == nlohmann::json::parse(read_file(folder / "first/config.json"))["model"]);
  CHECK(read_file(folder / "second/checkpoints/last/source.tokenizer") == read_file(folder / "first/checkpoints/last/source.tokenizer"));

  // The checkpoint has done its work: going on does not need it.
  std::filesystem::remove_all(folder / "first");
  CHECK(train_shell(folder, "attnzoo-train second.json --run second --resume --set train.max_steps=2 --quiet").output == "");
  CHECK(train_shell(folder, "attnzoo-train --run second --resume --init first").output ==
        "attnzoo-train: --init begins a run and --resume goes on with one: leave --init away, the run remembers it\n"
        "See: attnzoo-train --help\n");
  CHECK(train_shell(folder, "attnzoo-train second.json --run third --init first").output ==
        "attnzoo-train: error: " + (folder / "first").string() + ": no such run folder or checkpoint\n");
}

TEST_CASE("a recipe that names another model than the checkpoint's is refused, field by field") {
  const nlohmann::json stored = {{"family", "transformer"}, {"preset", "tiny"}, {"encoder_layers", 2}};
  const std::string begin = "the model comes from the checkpoint that training begins with, and the recipe names another one:\n  ",
                    end = "\nleave these fields away";
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
  CHECK_THAT(inherited_problem({{"preset", "base"}}, stored), ContainsSubstring("model.encoder_model_dim: 128 in RUN, 512 in the recipe"));
  CHECK_THAT(inherited_problem({{"modeldim", 3}}, stored), ContainsSubstring("model.modeldim: unknown key, did you mean 'model_dim'?"));
  // What acts in training alone is the recipe's to choose.
  const auto changed = nlohmann::json::parse(inherited_problem({{"dropout", 0.4}, {"decoder_layer_drop", 0.2}}, stored));
  CHECK(changed["dropout"] == 0.4);
  CHECK(changed["decoder_layer_drop"] == 0.2);
  CHECK(changed["encoder_layers"] == 2);

  nlohmann::json recipe = {{"task", "classification"}};
  CHECK_THROWS_WITH(inherit_model(recipe, {{"task", "translation"}, {"model", complete_model_config(stored)}}, "RUN"),
                    Equals("task: 'classification', and training begins with RUN, a model for 'translation'"));
}

}  // namespace attnzoo::test
