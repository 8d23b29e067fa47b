#include "models/registry.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/attention/normalization.h"
#include "models/layers/norm.h"
#include "models/parts.h"
#include "models/recurrent/cell.h"

#include "tests/catch.h"

namespace attnzoo::test {

using Catch::Matchers::StartsWith;

TEST_CASE("An unknown family lists the known ones and the nearest") {
  REQUIRE_THROWS_WITH(
      complete_model_config({{"family", "attention-lstn"}}),
      ContainsSubstring("model.family: unknown family 'attention-lstn' (did you mean 'attention-lstm'?); known families: ") &&
          ContainsSubstring("transformer"));
  REQUIRE_THROWS_WITH(complete_model_config({{"preset", "tiny"}}),
                      ContainsSubstring("model.family: the name of a model family is missing"));
}

TEST_CASE("An unknown preset lists the family's presets") {
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "transformer"}, {"preset", "huge"}}),
                      Equals("model.preset: unknown preset 'huge' of transformer; known presets: tiny, small, base"));
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "transformer"}, {"preset", "smal"}}),
                      ContainsSubstring("unknown preset 'smal' of transformer (did you mean 'small'?); known presets: tiny, small, base"));
}

TEST_CASE("Misspelt keys of a model section are refused with the nearest of all keys") {
  const auto problem = [](nlohmann::json model) {
    try {
      complete_model_config(model);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(problem({{"famly", "transformer"}}), StartsWith("model.famly: unknown key (did you mean 'family'?); known families: "));
  CHECK_THAT(problem({{"type", "transformer"}}), StartsWith("model.type: unknown key (did you mean 'family'?); known families: "));
  for (const auto& [typed, meant] : {std::pair{"presett", "preset"},
                                     {"encodr", "encoder"},
                                     {"tied_embedings", "tied_embeddings"},
                                     {"hidden_size", "dim"},
                                     {"d_model", "dim"},
                                     {"encoder_layer", "encoder_layers"},
                                     {"decoder_hidden_size", "decoder_dim"},
                                     {"num_layers", "layers"},
                                     {"nhead", "num_heads"}}) {
    const auto text = problem({{"family", "transformer"}, {typed, 1}});
    INFO(text);
    CHECK_THAT(text, StartsWith(fmt::format("model.{}: unknown key (did you mean '{}'?); known keys: ", typed, meant)));
  }
  CHECK_THAT(problem({{"family", "attention-gru"}, {"num_heads", 4}}),
             StartsWith("model.num_heads: unknown key (did you mean 'attention_heads'?); known keys: attention, "));
}

TEST_CASE("The width is 'dim' in all families, and sections that call it model_dim complete to the same model") {
  for (const auto& family : model_families()) {
    INFO(family.name);
    const auto complete = complete_model_config({{"family", family.name}, {"dim", 64}, {"dropout", 0.1}});
    CHECK(complete["dim"] == 64);
    CHECK_FALSE(complete.contains("model_dim"));
  }
  const auto same = [](const char* old, const char* now) {
    CHECK(complete_model_config(nlohmann::json::parse(old)) == complete_model_config(nlohmann::json::parse(now)));
  };
  same(R"({"family": "transformer", "model_dim": 64})", R"({"family": "transformer", "dim": 64})");
  same(R"({"family": "transformer", "preset": "base", "encoder_model_dim": 64})",
       R"({"family": "transformer", "preset": "base", "encoder_dim": 64})");
  // As checkpoints of earlier versions have it: of the recurrent decoder alone "dim", of the Transformer "model_dim".
  same(R"({"family": "hybrid", "model_dim": 64, "dim": 96})", R"({"family": "hybrid", "encoder_dim": 64, "decoder_dim": 96})");
  same(R"({"family": "classifier", "model_dim": 64, "dim": 96})", R"({"family": "classifier", "encoder_dim": 64, "decoder_dim": 96})");
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "transformer"}, {"dim", 64}, {"model_dim", 128}}),
                      Equals("model.dim: has no effect beside model_dim; omit it"));
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "transformer"}, {"dim", 64}, {"encoder_dim", 32}, {"decoder_dim", 32}}),
                      Equals("model.dim: has no effect beside decoder_dim and encoder_dim; omit it"));
}

TEST_CASE("Presets give every family the widths that it is known for") {
  const auto widths = [](const nlohmann::json& model) {
    const auto complete = complete_model_config(model);
    const auto of = [&](const char* part) { return complete.value(std::string(part) + "_dim", complete.value("dim", int64_t{0})); };
    return std::pair{of("encoder"), of("decoder")};
  };
  using Widths = std::pair<int64_t, int64_t>;
  CHECK(widths({{"family", "transformer"}, {"preset", "base"}}) == Widths{512, 512});
  CHECK(widths({{"family", "hybrid"}, {"preset", "tiny"}}) == Widths{128, 256});
  CHECK(widths({{"family", "classifier"}, {"preset", "tiny"}}) == Widths{128, 128});
  CHECK(widths({{"family", "classifier"}, {"preset", "tiny"}, {"encoder", "recurrent"}}) == Widths{256, 128});
  CHECK(complete_model_config({{"family", "language-model"}, {"preset", "base"}})["dim"] == 512);
  CHECK(complete_model_config({{"family", "language-model"}, {"preset", "base"}, {"decoder", "recurrent"}})["dim"] == 1024);
  CHECK(widths({{"family", "classifier"}, {"preset", "small"}, {"dim", 64}}) == Widths{64, 64});
}

TEST_CASE("A model section is checked without vocabulary, and no random number is drawn") {
  torch::manual_seed(3);
  const auto expected = torch::rand({4});
  torch::manual_seed(3);
  for (const auto& family : model_families())
    for (const auto& preset : family.presets) check_model_config({{"family", family.name}, {"preset", preset.name}}, true);
  CHECK(torch::rand({4}).equal(expected));
  REQUIRE_THROWS_WITH(check_model_config({{"family", "pointer-generator"}}, false), ContainsSubstring("set data.tokenizer.joint to true"));
  REQUIRE_THROWS_WITH(check_model_config({{"family", "attention-gru"}, {"attention_heads", 3}}, true),
                      Equals("model.attention_dim: must be a multiple of attention_heads (3), got 256"));
}

TEST_CASE("Unknown keys and values out of range are reported together") {
  const nlohmann::json model = {{"family", "transformer"}, {"dim", 100},    {"num_heads", 8},
                                {"dropout", 1.5},          {"modeldim", 3}, {"norm", "mid"}};
  try {
    complete_model_config(model);
    FAIL("accepted");
  } catch (const ConfigError& error) {
    const std::string text = error.what();
    for (const char* part :
         {"model.dim: must be even and a multiple of num_heads (8), got 100", "model.dropout: must be in [0, 1), got 1.5",
          "model.modeldim: unknown key (did you mean 'dim'?); known keys: activation, ", "model.norm"}) {
      INFO(text);
      CHECK(text.find(part) != std::string::npos);
    }
  }
}

TEST_CASE("Impossible heads, windows and positions are refused with both values") {
  const auto refused = [](nlohmann::json fields) {
    fields["family"] = "transformer";
    return fields;
  };
  REQUIRE_THROWS_WITH(complete_model_config(refused({{"num_heads", 8}, {"num_kv_heads", 3}})),
                      ContainsSubstring("model.num_kv_heads: must divide num_heads (8), or be 0 for the same number, got 3"));
  REQUIRE_THROWS_WITH(complete_model_config(refused({{"attention_window", -1}})),
                      ContainsSubstring("model.attention_window: must be at least 0 (0: no limit), got -1"));
  REQUIRE_THROWS_WITH(complete_model_config(refused({{"relative_distance", 0}})),
                      ContainsSubstring("model.relative_distance: must be at least 1, got 0"));
  REQUIRE_THROWS_WITH(complete_model_config(refused({{"autoregression", "ssru"}, {"positions", "alibi"}, {"attention_window", 5}})),
                      ContainsSubstring("model.positions: 'alibi' acts in self-attention, which a decoder with autoregression 'ssru' does "
                                        "not have; set decoder_positions to 'sinusoidal', 'learned' or 'none'") &&
                          ContainsSubstring("model.attention_window: limits self-attention, which a decoder with autoregression 'ssru' "
                                            "does not have; set decoder_attention_window to 0, got 5"));
}

TEST_CASE("A completed configuration completes to itself, and a preset's fields can be overridden") {
  for (const auto& family : model_families())
    for (const auto& preset : family.presets) {
      const auto complete = complete_model_config({{"family", family.name}, {"preset", preset.name}});
      CHECK(complete_model_config(complete) == complete);
      CHECK_FALSE(complete.contains("preset"));
    }
  CHECK(complete_model_config({{"family", "transformer"}, {"preset", "tiny"}, {"dropout", 0.05}})["dropout"] == 0.05);
}

TEST_CASE("A field reaches every part that has it, a prefixed one only its own") {
  const auto complete = [](nlohmann::json fields) {
    fields["family"] = "hybrid";
    return complete_model_config(fields);
  };
  const auto shared = complete({{"preset", "tiny"}, {"dropout", 0.05}});
  CHECK(shared["dropout"] == 0.05);
  CHECK_FALSE(shared.contains("encoder_dropout"));
  const auto apart = complete({{"dropout", 0.05}, {"decoder_dropout", 0.4}});
  CHECK(apart["encoder_dropout"] == 0.05);
  CHECK(apart["decoder_dropout"] == 0.4);
  CHECK_FALSE(apart.contains("dropout"));
  CHECK(complete_model_config(apart) == apart);
  // The recipe outranks the preset, even where the preset names one part.
  CHECK(complete({{"preset", "tiny"}, {"layers", 2}})["layers"] == 2);
}

TEST_CASE("Any encoder goes with any decoder, and a preset's fields of a replaced part are ignored") {
  for (const auto& family : model_families())
    for (const auto& encoder : encoder_kinds())
      for (const auto& decoder : decoder_kinds()) {
        // What a family fixes for its own parts (copying, coverage) may not fit others, and pooling needs a source.
        if (family.name == "pointer-generator" || (encoder.name == "none" && decoder.name == "pooling")) continue;
        nlohmann::json model = {{"family", family.name}, {"preset", "tiny"}, {"encoder", encoder.name}, {"decoder", decoder.name}};
        if (encoder.name == "none" && decoder.name == "fusion") model["form"] = "causal";
        CHECK(complete_model_config(model)["encoder"] == encoder.name);
        CHECK(num_parameters(*build_model(model, {50, 40, false})) > 0);
      }
  REQUIRE_THROWS_WITH(
      complete_model_config({{"family", "transformer"}, {"encoder", "recurent"}}),
      ContainsSubstring("model.encoder: unknown encoder 'recurent' (did you mean 'recurrent'?); known encoders: recurrent, "));
}

TEST_CASE("Incompatible parts are refused with the reason") {
  const auto message = [](nlohmann::json model) {
    try {
      build_model(model, {50, 40, false});
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message({{"family", "classifier"}, {"encoder", "none"}}) ==
        "model.decoder: 'pooling' pools what an encoder makes, but model.encoder is 'none'");
  CHECK(message({{"family", "fusion-lstm"}, {"encoder", "none"}}) ==
        "model.form: 'two-sided' attends to a source, but model.encoder is 'none'; use 'causal'");
  CHECK(message({{"family", "pointer-generator"}}) ==
        "model.copy: copies ids of the source into the target, but each side has its own vocabulary; set data.tokenizer.joint to true");
  CHECK(message({{"family", "language-model"}, {"copy", true}}) ==
        "model.copy: needs a source and a target; the model has encoder 'none' and decoder 'transformer'");
  CHECK(message({{"family", "classifier"}, {"decoder_coverage", true}}) ==
        "model.coverage: has no meaning in a classifier, which attends once; omit it");
  CHECK(message({{"family", "transformer"}, {"coverage_loss", -1}}) == "model.coverage_loss: must be at least 0, got -1");
}

TEST_CASE("Options that a recurrent part cannot have are refused with the reason") {
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "attention-gru"}, {"embedding_dim", 15}, {"positions", "sinusoidal"}}),
                      Equals("model.positions: sinusoidal needs embeddings of even width, got 15"));
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "attention-gru"}, {"recurrent_norm", "batch"}}),
                      Equals("model.recurrent_norm: batch is for encoders: a decoder's step does not know which sentences have ended; set "
                             "decoder_recurrent_norm to 'layer' or 'none'"));
  REQUIRE_THROWS_WITH(complete_model_config({{"family", "attention-gru"}, {"recurrent_norm", "rms"}}),
                      ContainsSubstring("model.recurrent_norm: ") && ContainsSubstring("none, layer, batch"));
  const auto mixed = complete_model_config({{"family", "attention-gru"}, {"recurrent_norm", "batch"}, {"decoder_recurrent_norm", "none"}});
  CHECK(mixed["encoder_recurrent_norm"] == "batch");
  CHECK(mixed["decoder_recurrent_norm"] == "none");
}

TEST_CASE("Tables that cannot be tied are refused, with what to set instead") {
  const VocabularySizes separate{100, 90, false};
  REQUIRE_THROWS_WITH(build_model({{"family", "transformer"}, {"preset", "tiny"}, {"tied_embeddings", "all"}}, separate),
                      ContainsSubstring("set data.tokenizer.joint to true"));
  REQUIRE_THROWS_WITH(
      build_model({{"family", "attention-gru"}, {"preset", "tiny"}, {"readout_dim", 99}, {"tied_embeddings", "decoder"}}, separate),
      ContainsSubstring("the embeddings (128) as wide as the output layer's input (99)"));
}

TEST_CASE("A cell, a norm or a normalisation that does not exist is refused with its field and the existing ones") {
  CHECK_THROWS_WITH(cell_kind("elman"), Equals("model.cell: unknown cell 'elman'; known cells: lstm, gru, tanh, relu"));
  CHECK_THROWS_WITH(Norm("batch", 4), Equals("model.norm_kind: unknown normalisation 'batch'; known: layer, rms"));
  CHECK_THROWS_WITH(normalization_of("hardmax"),
                    Equals("model.attention_normalization: unknown normalisation 'hardmax'; known: softmax, sparsemax, entmax15"));
}

TEST_CASE("The same seed builds the same weights") {
  const nlohmann::json model = {{"family", "attention-lstm"}, {"preset", "tiny"}};
  torch::manual_seed(9);
  const auto a = build_model(model, {50, 50, true});
  torch::manual_seed(9);
  const auto b = build_model(model, {50, 50, true});
  for (const auto& item : a->named_parameters()) CHECK(item.value().equal(b->named_parameters()[item.key()]));
}

TEST_CASE("The list of models names every family and preset with its parameters") {
  const auto text = list_models();
  for (const auto& family : model_families()) CHECK(text.find(family.name) != std::string::npos);
  CHECK(text.find("million parameters") != std::string::npos);
}

}  // namespace attnzoo::test
