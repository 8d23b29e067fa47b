// A config that asks for more than its weights have, and recipes that ask for more than any machine has.
#include <ATen/ATen.h>
#include <sys/resource.h>
#include <time.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "models/layers/parameters.h"
#include "models/registry.h"
#include "tests/hostile/sound_files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

int64_t peak_megabytes_now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::string config_problem(const nlohmann::json& section) {
  try {
    build_model(section, {100, 100, true});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "built";
}

// The message about a sound checkpoint whose model section was changed in these fields, with a manifest that fits.
std::string problem_with_model_fields(const TemporaryDirectory& folder, const nlohmann::json& changes) {
  const auto checkpoint = folder / "checkpoint";
  auto contents = sound_checkpoint(sound_words());
  contents.config["model"].update(changes);
  save_checkpoint(checkpoint, contents);
  try {
    load_model(checkpoint, torch::kCPU);
  } catch (const CheckpointError& error) {
    std::string text = error.what();
    CHECK(text.starts_with(checkpoint.string()));
    return text.substr(checkpoint.string().size());
  }
  return "loaded";
}

}  // namespace

TEST_CASE("a config that asks for more than its weights hold is refused before anything is allocated") {
  const TemporaryDirectory folder;
  CHECK(problem_with_model_fields(folder, nlohmann::json::object()) == "loaded");
  const auto peak = peak_megabytes_now();
  CHECK(problem_with_model_fields(folder, {{"layers", 1000000000}}) == "/config.json: model.layers: must be at most 1000, got 1000000000");
  CHECK_THAT(problem_with_model_fields(folder, {{"layers", 1000}}), ContainsSubstring(": the weights do not fit the model: ") &&
                                                                        ContainsSubstring("' is missing, ") && ContainsSubstring(" more"));
  CHECK_THAT(problem_with_model_fields(folder, {{"dim", 20000}}), ContainsSubstring(": the weights do not fit the model: "));
  CHECK_THAT(problem_with_model_fields(folder, {{"feed_forward_dim", 65536}, {"layers", 900}}),
             ContainsSubstring("do not fit the model: "));
  CHECK_THAT(problem_with_model_fields(folder, {{"encoder", "recurrent"}, {"embedding_dim", 1000000}}),
             ContainsSubstring("/config.json: ") && ContainsSubstring("model.embedding_dim: must be at most 65536, got 1000000"));
  CHECK_THAT(problem_with_model_fields(folder, {{"positions", "learned"}, {"dim", 65536}, {"num_heads", 1}}),
             ContainsSubstring(": the weights do not fit the model: "));
#if !defined(__SANITIZE_ADDRESS__)  // which keeps freed memory for a while
  CHECK(peak_megabytes_now() - peak < 300);
#else
  (void)peak;
#endif
}

TEST_CASE("sizes that no model has are refused with the field and its bound") {
  CHECK(config_problem({{"family", "transformer"}, {"preset", "tiny"}, {"layers", 1000000000}}) ==
        "model.layers: must be at most 1000, got 1000000000");
  CHECK(config_problem({{"family", "transformer"}, {"preset", "tiny"}, {"dim", 20000000}, {"num_heads", 100000}}) ==
        "model.dim: must be at most 65536, got 20000000; model.num_heads: must be at most 65536, got 100000");
  CHECK(config_problem({{"family", "transformer"}, {"preset", "tiny"}, {"attention_window", 9223372036854775807}}) ==
        "model.attention_window: must be at most 1000000, got 9223372036854775807");
  const auto problem = [](const char* family, const char* field) { return config_problem({{"family", family}, {field, 100000000}}); };
  CHECK_THAT(problem("attention-gru", "embedding_dim"), ContainsSubstring("model.embedding_dim: must be at most 65536, got 100000000"));
  CHECK_THAT(problem("attention-gru", "dim"), ContainsSubstring("model.dim: must be at most 65536, got 100000000"));
  CHECK_THAT(problem("attention-gru", "readout_dim"), ContainsSubstring("model.readout_dim: must be at most 65536, got 100000000"));
  CHECK_THAT(problem("attention-gru", "attention_dim"), ContainsSubstring("model.attention_dim: must be at most 65536, got 100000000"));
  CHECK_THAT(problem("attention-gru", "window"), ContainsSubstring("model.window: must be at most 1000000, got 100000000"));
  CHECK_THAT(problem("fusion-gru", "layers"), ContainsSubstring("model.layers: must be at most 1000, got 100000000"));
  CHECK_THAT(problem("bag-of-words", "dim"), ContainsSubstring("model.dim: must be at most 65536, got 100000000"));
  CHECK_THAT(problem("classifier", "dim"), ContainsSubstring("model.dim: must be at most 65536, got 100000000"));
}

TEST_CASE("a model whose fields are in range and whose product is absurd is refused with its number of parameters") {
  CHECK_THAT(config_problem({{"family", "transformer"}, {"dim", 65536}, {"feed_forward_dim", 65536}, {"num_heads", 1}, {"layers", 100}}),
             ContainsSubstring("model: would have ") &&
                 ContainsSubstring(" parameters; at most 17179869184 are accepted: lower its widths or layers"));
}

TEST_CASE("a model's shapes are those of the model, take no memory and draw no random number") {
  for (const auto& family : model_families())
    for (const auto& variant : family.conformance_variants) {
      INFO(family.name << ": " << variant.name);
      auto section = nlohmann::json::parse(variant.fields);
      section["family"] = family.name;
      torch::manual_seed(1);
      const auto shapes = model_shapes(section, {30, 30, true});
      const auto first = torch::rand({1}).item<double>();
      torch::manual_seed(1);
      CHECK(torch::rand({1}).item<double>() == first);
      const auto model = build_model(section, {30, 30, true});
      for (const auto& lists :
           {std::pair{shapes->named_parameters(), model->named_parameters()}, std::pair{shapes->named_buffers(), model->named_buffers()}}) {
        REQUIRE(lists.first.size() == lists.second.size());
        for (const auto& item : lists.second) {
          INFO(item.key());
          CHECK(lists.first[item.key()].sizes() == item.value().sizes());
          CHECK(lists.first[item.key()].is_meta());
          CHECK_FALSE(item.value().is_meta());
        }
      }
    }
}

TEST_CASE("weights of another type than the model's are refused with both types") {
  const TemporaryDirectory folder;
  const auto checkpoint = folder / "checkpoint";
  const auto sound = sound_checkpoint(sound_words());
  const std::string name = "output_bias";
  const auto size = sound.weights.at(name).size(0);
  for (const auto& [type, type_name] :
       {std::pair{torch::kBool, "BOOL"}, {torch::kChar, "I8"}, {torch::kDouble, "F64"}, {torch::kHalf, "F16"}, {torch::kLong, "I64"}}) {
    auto contents = sound;
    contents.weights[name] = contents.weights[name].to(type);
    save_checkpoint(checkpoint, contents);
    CHECK_THROWS_WITH(load_model(checkpoint, torch::kCPU),
                      fmt::format("{}: the weights do not fit the model: '{}' is {} [{}] and the model's is F32 [{}]", checkpoint.string(),
                                  name, type_name, size, size));
  }
}

}  // namespace attnzoo::test
