// Ours against independent implementations: torch's Python modules and formulas written out in numpy
// (tests/fixtures/make_reference_outputs.py). Every part runs as in training and as in inference.
#include <ATen/ATen.h>

#include "models/attention/multi_head_attention.h"
#include "models/attention/score_attention.h"
#include "models/layers/norm.h"
#include "models/recurrent/recurrent_encoder.h"
#include "models/recurrent/ssru.h"
#include "models/safetensors.h"
#include "models/transformer/transformer_layers.h"
#include "tests/largest_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

constexpr double kTolerance = 1e-5;

// The tensors of one case, without the case's name.
NamedTensors reference(const std::string& group) {
  static const auto all = load_safetensors(ATTNZOO_SOURCE_DIR "/tests/fixtures/reference_outputs.safetensors");
  NamedTensors tensors;
  for (const auto& [name, tensor] : all)
    if (name.rfind(group + "/", 0) == 0) tensors[name.substr(group.size() + 1)] = tensor;
  REQUIRE_FALSE(tensors.empty());
  return tensors;
}

// Copies tensors into parameters; every parameter of the module must be named.
void set_parameters(torch::nn::Module& module, const NamedTensors& tensors, const std::map<std::string, std::string>& names) {
  const at::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    INFO(item.key());
    REQUIRE(names.count(item.key()) == 1);
    item.value().copy_(tensors.at(names.at(item.key())));
  }
}

// Calls check() as in training and in the frozen form.
template <class Check>
void in_both_modes(torch::nn::Module& module, const Check& check) {
  SECTION("as in training") { check(); }
  SECTION("as in inference") {
    module.eval();
    freeze(module, Compute::kFloat32);
    const at::NoGradGuard no_grad;
    check();
  }
}

// The fixtures' three sentences.
struct ThreeSentences {
  torch::Tensor length_B = torch::tensor({4, 7, 1}, torch::kLong);
  Packing packing{length_B, 7};
  Rows packed = Rows::packed(packing, length_B), padded = Rows::padded(packed.keep());
};

}  // namespace

TEST_CASE("The recurrent encoder equals torch's nn.LSTM and nn.GRU, both directions") {
  const std::string kind = GENERATE("lstm", "gru");
  const auto t = reference(kind);
  RecurrentEncoderConfig config;
  config.cell = kind;
  config.embedding_dim = 6;
  config.dim = 10;
  config.dropout = 0;
  RecurrentEncoder encoder(config);
  std::map<std::string, std::string> names;
  for (const auto* part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
    names[std::string("forward_0.") + part] = std::string(part) + "_l0";
    names[std::string("backward_0.") + part] = std::string(part) + "_l0_reverse";
  }
  set_parameters(encoder, t, names);
  const ThreeSentences s;
  in_both_modes(encoder, [&] {
    CHECK(largest_difference(encoder.forward(s.packing.pack(t.at("x")), s.packed), s.packing.pack(t.at("out"))) < kTolerance);
    CHECK(largest_difference(encoder.forward(t.at("x"), s.padded), t.at("out")) < kTolerance);
  });
}

TEST_CASE("A Transformer layer equals torch's nn.TransformerEncoderLayer, pre- and post-norm") {
  const std::string norm = GENERATE("pre", "post");
  const auto t = reference(norm + "_norm");
  TransformerEncoderConfig config;
  config.dim = 8;
  config.num_heads = 2;
  config.feed_forward_dim = 12;
  config.dropout = 0;
  config.norm = norm;
  config.activation = norm == "pre" ? "gelu" : "relu";
  EncoderLayer layer(config);
  set_parameters(layer, t,
                 {{"attention.qkv.weight", "self_attn_in_proj_weight"},
                  {"attention.qkv.bias", "self_attn_in_proj_bias"},
                  {"attention.out.weight", "self_attn_out_proj_weight"},
                  {"attention.out.bias", "self_attn_out_proj_bias"},
                  {"feed_forward.inner.weight", "linear1_weight"},
                  {"feed_forward.inner.bias", "linear1_bias"},
                  {"feed_forward.outer.weight", "linear2_weight"},
                  {"feed_forward.outer.bias", "linear2_bias"},
                  {"attention_residual.norm.weight", "norm1_weight"},
                  {"attention_residual.norm.bias", "norm1_bias"},
                  {"feed_forward_residual.norm.weight", "norm2_weight"},
                  {"feed_forward_residual.norm.bias", "norm2_bias"}});
  const ThreeSentences s;
  in_both_modes(layer, [&] {
    const auto expected = s.packing.pack(t.at("out"));
    CHECK(largest_difference(layer.forward(s.packing.pack(t.at("x")), s.packed), expected) < kTolerance);
    CHECK(largest_difference(s.packing.pack(layer.forward(t.at("x"), s.padded)), expected) < kTolerance);
  });
}

TEST_CASE("Attention to a memory equals torch's nn.MultiheadAttention, weights included") {
  const auto t = reference("multi_head");
  const auto q_weight = t.at("in_proj_weight").narrow(0, 0, 8), kv_weight = t.at("in_proj_weight").narrow(0, 8, 16);
  const auto q = at::linear(t.at("query"), q_weight, t.at("in_proj_bias").narrow(0, 0, 8));
  const auto kv = at::linear(t.at("memory"), kv_weight, t.at("in_proj_bias").narrow(0, 8, 16));
  const ThreeSentences s;
  const auto check = [&](bool frozen) {
    const auto result = memory_attention(q, kv, torch::arange(3), s.length_B, {2}, true, frozen);
    CHECK(largest_difference(at::linear(result.out, t.at("out_proj_weight"), t.at("out_proj_bias")), t.at("out")) < kTolerance);
    CHECK(largest_difference(result.weights, t.at("weights")) < kTolerance);
  };
  SECTION("with ATen") { check(false); }
  SECTION("with the kernel") {
    const at::NoGradGuard no_grad;
    check(true);
  }
}

TEST_CASE("Every score, normalisation, window and the coverage equal their formulas in numpy") {
  struct Case {
    const char* score;
    int64_t heads;
    const char *normalization, *locality;
    bool coverage;
  };
  const auto c = GENERATE(Case{"additive", 2, "softmax", "global", true}, Case{"dot", 2, "sparsemax", "global", false},
                          Case{"general", 1, "entmax15", "global", true}, Case{"bilinear", 1, "softmax", "local-p", false},
                          Case{"scaled_dot", 2, "entmax15", "local-m", false});
  INFO(c.score);
  const auto t = reference(c.score);
  ScoreAttentionConfig config;
  config.score = c.score;
  config.dim = 6;
  config.heads = c.heads;
  config.normalization = c.normalization;
  config.locality = c.locality;
  config.window = 2;
  config.coverage = c.coverage;
  ScoreAttention attention(config, 8, 8);
  std::map<std::string, std::string> names;
  for (const auto& item : attention.named_parameters()) {
    auto name = item.key();
    std::replace(name.begin(), name.end(), '.', '_');
    names[item.key()] = name;
  }
  set_parameters(attention, t, names);
  const ThreeSentences s;
  const auto inputs = [&] {
    return ScoreAttention::Inputs{t.at("h").unsqueeze(1),
                                  attention.keys(t.at("memory")),
                                  t.at("memory"),
                                  s.packed.keep().unsqueeze(1),
                                  s.length_B,
                                  t.at("position").unsqueeze(1),
                                  c.coverage ? t.at("coverage").unsqueeze(1) : torch::Tensor()};
  };
  const auto check = [&](const ScoreAttention::Attended& attended) {
    CHECK(largest_difference(attended.context_NQC.squeeze(1), t.at("context")) < kTolerance);
    CHECK(largest_difference(attended.weights_NQS.squeeze(1), t.at("weights")) < kTolerance);
  };
  SECTION("as in training") { check(attention.attend(inputs())); }
  SECTION("as in inference") {
    attention.eval();
    const at::NoGradGuard no_grad;
    check(attention.attend_row_by_row(inputs()));
  }
}

TEST_CASE("The SSRU equals its formula, whole and step by step") {
  const auto t = reference("ssru");
  Ssru ssru(5);
  set_parameters(ssru, t, {{"maps.weight", "maps_weight"}, {"maps.bias", "maps_bias"}});
  const ThreeSentences s;
  in_both_modes(ssru, [&] {
    CHECK(largest_difference(ssru.forward(s.packing.pack(t.at("x")), s.packed), s.packing.pack(t.at("out"))) < kTolerance);
    auto c = torch::zeros({1, 5});
    for (int64_t i = 0; i < 7; ++i)
      CHECK(largest_difference(ssru.step(t.at("x").select(1, i).narrow(0, 1, 1), c), t.at("out").select(1, i).narrow(0, 1, 1)) <
            kTolerance);
  });
}

TEST_CASE("Rotary self-attention equals attention over queries and keys turned as complex numbers") {
  const auto t = reference("rotary");
  TransformerDecoderConfig config;
  config.dim = 8;
  config.num_heads = 2;
  config.positions = "rotary";
  SelfAttention attention(config);
  set_parameters(attention, t,
                 {{"qkv.weight", "qkv_weight"}, {"qkv.bias", "qkv_bias"}, {"out.weight", "out_weight"}, {"out.bias", "out_bias"}});
  const auto length_B = torch::tensor({7}, torch::kLong);
  const Packing packing(length_B, 7);
  in_both_modes(attention, [&] {
    CHECK(largest_difference(attention.forward(t.at("x"), Rows::packed(packing, length_B), true), t.at("out")) < kTolerance);
    CHECK(largest_difference(attention.forward(t.at("x").unsqueeze(0), Rows::padded(torch::ones({1, 7}, torch::kBool)), true)[0],
                             t.at("out")) < kTolerance);
  });
}

TEST_CASE("Shared key heads, ALiBi, windows and relative positions equal their formulas in numpy, causal and not, whole and in steps") {
  struct Case {
    const char* name;
    int64_t heads, kv_heads;
    const char* positions;
    int64_t window, distance;
  };
  const auto c =
      GENERATE(Case{"grouped_query", 4, 2, "none", 0, 1}, Case{"multi_query", 3, 1, "none", 0, 1}, Case{"alibi", 4, 0, "alibi", 0, 1},
               Case{"window", 2, 0, "none", 2, 1}, Case{"relative", 2, 0, "relative", 0, 3},
               Case{"multi_query_alibi_window", 3, 1, "alibi", 3, 1}, Case{"grouped_query_relative_window", 4, 2, "relative", 3, 2});
  INFO(c.name);
  const auto t = reference(c.name);
  TransformerDecoderConfig config;
  config.dim = 4 * c.heads;
  config.num_heads = c.heads;
  config.num_kv_heads = c.kv_heads;
  config.positions = c.positions;
  config.attention_window = c.window;
  config.relative_distance = c.distance;
  SelfAttention attention(config);
  set_parameters(attention, t,
                 {{"qkv.weight", "qkv_weight"},
                  {"qkv.bias", "qkv_bias"},
                  {"out.weight", "out_weight"},
                  {"out.bias", "out_bias"},
                  {"relative_key", "relative_key"},
                  {"relative_value", "relative_value"}});
  const ThreeSentences s;
  in_both_modes(attention, [&] {
    for (const bool causal : {false, true}) {
      const auto expected = s.packing.pack(t.at(causal ? "out_causal" : "out"));
      CHECK(largest_difference(attention.forward(s.packing.pack(t.at("x")), s.packed, causal), expected) < kTolerance);
      CHECK(largest_difference(s.packing.pack(attention.forward(t.at("x"), s.padded, causal)), expected) < kTolerance);
    }
    torch::Tensor cache_NTE = torch::empty({3, 0, 2 * config.kv_dim()}), origin_NT = torch::empty({3, 0}, torch::kInt);
    std::vector<torch::Tensor> per_step, out;
    const auto attend_past = [&](const torch::Tensor& qkv_NE, const AttentionForm& form) {
      const auto parts = qkv_NE.split({config.dim, 2 * config.kv_dim()}, 1);
      const auto &q_ND = parts[0], &kv_NE = parts[1];
      cache_NTE = at::cat({cache_NTE, kv_NE.unsqueeze(1)}, 1);
      const auto attended = padded_attention(q_ND.unsqueeze(1), cache_NTE, {}, form, false, 0, false).out.squeeze(1);
      per_step.push_back(kv_NE.contiguous());
      origin_NT = at::cat({origin_NT, torch::arange(3, torch::kInt).unsqueeze(1)}, 1);
      if (attention.frozen())
        CHECK(largest_difference(past_attention(qkv_NE, config.dim, per_step, 0, 1, origin_NT, form), attended) < kTolerance);
      return attended;
    };
    for (int64_t i = 0; i < 7; ++i) out.push_back(attention.step(t.at("x").select(1, i), torch::full({3}, i, torch::kLong), attend_past));
    CHECK(largest_difference(s.packing.pack(at::stack(out, 1)), s.packing.pack(t.at("out_causal"))) < kTolerance);
  });
}

TEST_CASE("RMS normalisation and SwiGLU equal their formulas") {
  const auto rms = reference("rms"), swiglu = reference("swiglu");
  Norm norm("rms", 6);
  set_parameters(norm, rms, {{"weight", "weight"}});
  in_both_modes(norm, [&] { CHECK(largest_difference(norm.forward(rms.at("x")), rms.at("out")) < kTolerance); });
  TransformerEncoderConfig config;
  config.dim = 6;
  config.feed_forward_dim = 5;
  config.activation = "swiglu";
  FeedForward feed_forward(config);
  set_parameters(
      feed_forward, swiglu,
      {{"inner.weight", "inner_weight"}, {"inner.bias", "inner_bias"}, {"outer.weight", "outer_weight"}, {"outer.bias", "outer_bias"}});
  in_both_modes(feed_forward, [&] { CHECK(largest_difference(feed_forward(swiglu.at("x")), swiglu.at("out")) < kTolerance); });
}

TEST_CASE("Layer and batch normalisation, residual and positions of the recurrent encoder equal their formulas in numpy") {
  const std::string norm = GENERATE("layer", "batch");
  const auto t = reference("recurrent_" + norm + "_norm");
  RecurrentEncoderConfig config;
  config.cell = norm == "layer" ? "gru" : "lstm";
  config.embedding_dim = 6;
  config.dim = 10;
  config.layers = 2;
  config.dropout = 0;
  config.residual = true;
  config.recurrent_norm = norm;
  config.positions = "sinusoidal";
  RecurrentEncoder encoder(config);
  std::map<std::string, std::string> names;
  for (const std::string l : {"0", "1"}) {
    for (const std::string part : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
      names["forward_" + l + "." + part] = "layer_" + l + "_" + part + "_l0";
      names["backward_" + l + "." + part] = "layer_" + l + "_" + part + "_l0_reverse";
    }
    for (const std::string part : {"weight", "bias"}) names["norm_" + l + "." + part] = "norm_" + l + "_" + part;
  }
  set_parameters(encoder, t, names);
  const auto set_statistics = [&] {
    for (const auto& item : encoder.named_buffers()) {
      const std::string l = item.key().substr(5, 1);
      item.value().copy_(t.at("norm_" + l + (item.key().ends_with("mean") ? "_mean" : "_variance")));
    }
  };
  const ThreeSentences s;
  const bool train = GENERATE(true, false), packed = GENERATE(true, false);
  INFO(norm << (train ? ", training" : ", evaluation") << (packed ? ", packed" : ", padded"));
  const at::NoGradGuard no_grad;
  encoder.train(train);
  set_statistics();
  const auto out = packed ? s.packing.unpack(encoder.forward(s.packing.pack(t.at("x")), s.packed)) : encoder.forward(t.at("x"), s.padded);
  CHECK(largest_difference(out, t.at(train ? "out_train" : "out")) < kTolerance);
  for (const auto& item : encoder.named_buffers()) {
    const std::string l = item.key().substr(5, 1);
    const auto name = "norm_" + l + (item.key().ends_with("mean") ? "_mean" : "_variance");
    CHECK(largest_difference(item.value(), t.at(train ? name + "_after" : name)) < kTolerance);
  }
}

}  // namespace attnzoo::test
