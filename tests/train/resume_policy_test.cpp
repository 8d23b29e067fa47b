#include "train/resume_policy.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/registry.h"
#include "train/train_config.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

nlohmann::json recipe_with(const nlohmann::json& model, const nlohmann::json& train = nlohmann::json::object()) {
  return {{"task", "translation"},
          {"data", {{"tokenizer", {{"kind", "words"}}}, {"cache", "a"}, {"train", {{"tsv", "a.tsv"}}}}},
          {"model", complete_model_config(model)},
          {"train", TrainConfig::from_json(train).to_json()}};
}

std::string problem_of(const nlohmann::json& before, const nlohmann::json& after, bool override) {
  try {
    check_resumable("RUN", config_differences(before, after), override);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

const nlohmann::json kTransformer = {{"family", "transformer"}, {"preset", "tiny"}};

}  // namespace

TEST_CASE("differences of configurations name the key and both values, and what may become of them") {
  const nlohmann::json before = {{"train", {{"learning_rate", 0.5}, {"max_steps", 10}, {"keep", 1}}}, {"model", {{"dim", 8}}}};
  nlohmann::json after = before;
  CHECK(config_differences(before, after).empty());
  after["train"]["learning_rate"] = 0.25;
  after["train"]["max_steps"] = 20;
  after["model"].erase("dim");
  const auto differences = config_differences(before, after);
  REQUIRE(differences.size() == 3);
  CHECK(differences[0].text() == "model.dim: 8 in the run, (absent) now (the weights belong to it)");
  CHECK(differences[0].policy == OnResume::kFixed);
  CHECK(differences[1].text() == "train.learning_rate: 0.5 in the run, 0.25 now");
  CHECK(differences[1].policy == OnResume::kWithOverride);
  CHECK(differences[2].policy == OnResume::kFree);
}

TEST_CASE("max_steps is no free change where a cosine ends there") {
  const nlohmann::json before = {{"train", {{"max_steps", 10}, {"schedule", {{"kind", "cosine"}, {"decay_steps", 0}}}}}};
  nlohmann::json after = before;
  after["train"]["max_steps"] = 20;
  CHECK(config_differences(before, after).front().policy == OnResume::kWithOverride);
  after["train"]["schedule"]["decay_steps"] = 30;
  CHECK(config_differences(before, after).back().policy == OnResume::kWithOverride);  // the end moves
}

TEST_CASE("fields that cannot act on a run that has started are refused by name, with --override too") {
  const auto before = recipe_with(kTransformer);
  auto after =
      recipe_with({{"family", "transformer"}, {"preset", "tiny"}, {"dim", 512}, {"decoder_layers", 2}},
                  {{"seed", 2}, {"batch", {{"batch_tokens", 100}}}, {"optimizer", {{"kind", "sgd"}}}, {"initial_checkpoint", "x"}});
  after["task"] = "classification";
  after["data"]["tokenizer"]["kind"] = "characters";
  after["data"]["train"]["tsv"] = "b.tsv";
  const std::string expected =
      "RUN: resuming cannot change these fields:\n"
      "  data.tokenizer.kind: \"words\" in the run, \"characters\" now (the tokenisers are those of the checkpoint)\n"
      "  model.decoder_layers: 4 in the run, 2 now (the weights belong to it)\n"
      "  model.dim: 128 in the run, 512 now (the weights belong to it)\n"
      "  task: \"translation\" in the run, \"classification\" now (the model and its data were made for it)\n"
      "  train.batch.batch_tokens: 4096 in the run, 100 now (the position in the data counts batches)\n"
      "  train.initial_checkpoint: \"\" in the run, \"x\" now (training started from it)\n"
      "  train.optimizer.kind: \"adam\" in the run, \"sgd\" now (the checkpoint holds the state of that optimiser)\n"
      "  train.seed: 1 in the run, 2 now (the order of the data depends on it)\n"
      "  omit them to resume the run, or start a new run with them";
  CHECK(problem_of(before, after, true) == expected);
  CHECK(problem_of(before, after, false) == expected);
}

TEST_CASE("fields that act on the rest of a run need --override, and when to stop and what to keep needs nothing") {
  const auto before = recipe_with(kTransformer);
  const auto acting = recipe_with({{"family", "transformer"}, {"preset", "tiny"}, {"dropout", 0.2}, {"encoder_layer_drop", 0.1}},
                                  {{"learning_rate", 0.5}, {"optimizer", {{"kind", "adamw"}}}});
  CHECK(problem_of(before, acting, true) == "accepted");
  CHECK(problem_of(before, acting, false) ==
        "RUN: the run has another configuration:\n"
        "  model.dropout: 0.3 in the run, 0.2 now\n"
        "  model.encoder_layer_drop: 0.0 in the run, 0.1 now\n"
        "  train.learning_rate: 0.001 in the run, 0.5 now\n"
        "  train.optimizer.kind: \"adam\" in the run, \"adamw\" now\n"
        "  omit the recipe and --set to resume it unchanged, or add --override");
  auto free = recipe_with(kTransformer, {{"max_steps", 7}, {"max_epochs", 2}, {"max_time", "5m"}, {"keep", 3}, {"report_every", 2}});
  free["data"]["cache"] = "b";
  CHECK(config_differences(before, free).size() == 6);
  CHECK(problem_of(before, free, false) == "accepted");
}

TEST_CASE("every rule names a field that recipes have") {
  const auto recipe = recipe_with({{"family", "attention-gru"}});
  const auto other = recipe_with(kTransformer);
  for (const auto& rule : resume_rules()) {
    if (rule.key.empty()) continue;
    auto pointer = "/" + rule.key;
    for (char& c : pointer) c = c == '.' ? '/' : c;
    INFO(rule.key);
    CHECK((recipe.contains(nlohmann::json::json_pointer(pointer)) || other.contains(nlohmann::json::json_pointer(pointer))));
    CHECK((rule.policy == OnResume::kFixed) == !rule.why.empty());
  }
}

}  // namespace attnzoo::test
