// Every pair of option values, in as few models as possible: promises that options could break together.
#include <ATen/ATen.h>

#include "data/error.h"
#include "data/special_tokens.h"
#include "models/encoder_decoder.h"
#include "models/export/trace.h"
#include "models/registry.h"
#include "tests/conformance/covering_array.h"
#include "tests/conformance/subjects.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

using nlohmann::json;

const Option kTied = {"tied_embeddings", {"all", "decoder", "none"}};
const Option kCopy = {"copy", {false, true}};
const Option kCoverageLoss = {"coverage_loss", {0.0, 0.5}};
const Option kCells = {"cell", {"lstm", "gru", "tanh", "relu"}};
const Option kScores = {"attention", {"additive", "dot", "general", "bilinear", "scaled_dot"}};
const Option kHeads = {"attention_heads", {1, 2}};
const Option kNormalizations = {"attention_normalization", {"softmax", "sparsemax", "entmax15"}};
const Option kLocalities = {"locality", {"global", "local-m", "local-p"}};

std::vector<OptionSpace> option_spaces() {
  const OptionValue ssru = {"autoregression", "ssru"}, narrow_readout = {"readout_dim", 20}, narrow_embedding = {"embedding_dim", 20};
  const OptionValue all = {"tied_embeddings", "all"}, decoder = {"tied_embeddings", "decoder"};
  return {
      {"transformer",
       "transformer",
       {{"model_dim", 24}, {"feed_forward_dim", 20}, {"num_heads", 4}},
       {{"norm", {"pre", "post", "sandwich"}},
        {"norm_kind", {"layer", "rms"}},
        {"activation", {"relu", "gelu", "silu", "swiglu"}},
        {"positions", {"sinusoidal", "learned", "rotary", "relative", "alibi", "none"}},
        {"autoregression", {"attention", "ssru"}},
        {"num_kv_heads", {0, 1, 2}},
        {"attention_window", {0, 2}},
        {"shared_layers", {false, true}},
        {"layers", {1, 2}},
        kTied,
        kCopy,
        kCoverageLoss},
       {{ssru, {"positions", "rotary"}},
        {ssru, {"positions", "relative"}},
        {ssru, {"positions", "alibi"}},
        {ssru, {"attention_window", 2}}}},
      {"recurrent",
       "attention-lstm",
       {{"embedding_dim", 24}, {"encoder_dim", 24}, {"decoder_dim", 24}, {"attention_dim", 16}, {"window", 2}},
       {kCells,
        kScores,
        kHeads,
        kNormalizations,
        kLocalities,
        {"coverage", {false, true}},
        {"encoder_layers", {1, 2}},
        {"decoder_layers", {1, 2}},
        {"readout_dim", {0, 20}},
        {"residual", {false, true}},
        {"encoder_recurrent_norm", {"none", "layer", "batch"}},
        {"decoder_recurrent_norm", {"none", "layer"}},
        {"positions", {"none", "sinusoidal", "learned"}},
        kTied,
        kCopy,
        kCoverageLoss},
       {{narrow_readout, all}, {narrow_readout, decoder}}},
      {"fusion",
       "fusion-lstm",
       {{"dim", 24}},
       {kCells,
        {"fusion", {"add", "multiply"}},
        {"encoder_form", {"two-sided", "causal"}},
        {"decoder_form", {"two-sided", "causal"}},
        {"encoder_layers", {1, 2}},
        {"decoder_layers", {1, 2}},
        {"embedding_dim", {24, 20}},
        kTied,
        kCopy,
        kCoverageLoss},
       {{narrow_embedding, all}, {narrow_embedding, decoder}}},
      {"classifier",
       "classifier",
       {{"model_dim", 24},
        {"feed_forward_dim", 20},
        {"embedding_dim", 24},
        {"encoder_dim", 24},
        {"decoder_dim", 20},
        {"layers", 1},
        {"num_heads", 2},
        {"attention_dim", 16},
        {"window", 2}},
       {{"encoder", {"transformer", "recurrent", "fusion"}},
        {"pooling", {"self-attention", "last", "mean", "max"}},
        kScores,
        kHeads,
        kNormalizations,
        kLocalities},
       {}},
      {"any encoder with any decoder",
       "hybrid",
       {{"model_dim", 24},
        {"feed_forward_dim", 20},
        {"embedding_dim", 24},
        {"encoder_dim", 24},
        {"decoder_dim", 24},
        {"num_heads", 2},
        {"attention_dim", 16},
        {"layers", 2}},
       {{"encoder", {"transformer", "recurrent", "fusion"}},
        {"decoder", {"transformer", "recurrent", "fusion"}},
        kTied,
        kCopy,
        kCoverageLoss},
       {}},
  };
}

std::shared_ptr<Seq2SeqModel> built(const OptionSpace& space, const json& options) {
  auto base = json::parse(find_model_family(space.family).defaults);
  base.update(space.base);
  torch::manual_seed(17);
  auto model =
      std::make_shared<EncoderDecoder>(EncoderDecoderConfig::from_json(options, base), VocabularySizes{kVocabulary, kVocabulary, true});
  const at::NoGradGuard no_grad;
  for (auto& parameter : model->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
  for (auto& buffer : model->buffers()) buffer.add_(torch::rand_like(buffer) * 0.5);
  model->eval();
  return model;
}

Batch small_batch(const Seq2SeqModel& model) { return make_test_batch(model, random_sentences(5, 7, 41), random_sentences(5, 6, 42)); }

void check_stepping(const OptionSpace& space, const json& options) {
  const auto model = built(space, options);
  const auto batch = small_batch(*model);
  const auto stepped = stepped_logits(*model, batch);
  CHECK(same_bits(stepped, stepped_logits(*model, batch, 4)));
  CHECK(largest_difference(model->forward(batch), stepped) < 2e-4);
}

void check_gradients(const OptionSpace& space, const json& options) {
  const auto fast = built(space, options), exact = built(space, options);
  exact->to(torch::kDouble);
  const auto batch = small_batch(*fast);
  loss_of(*exact, batch).backward();
  loss_of(*fast, batch).backward();
  const auto expected = exact->named_parameters();
  for (const auto& item : fast->named_parameters()) {
    INFO(item.key());
    REQUIRE(item.value().grad().defined());
    const auto reference = expected[item.key()].grad();
    CHECK(largest_difference(item.value().grad(), reference) < 5e-5 + 1e-3 * reference.abs().max().item<double>());
  }
}

void check_trace(const OptionSpace& space, const json& options) {
  const auto model = built(space, options);
  const auto traced = trace_model(*model, kVocabulary);
  const InferenceModel frozen(*model);
  const at::NoGradGuard no_grad;
  const auto source_BS = source_ids(random_sentences(3, 9, 43), 1);
  const Memory memory = model->encode(source_BS), traced_memory = traced_encode(traced, source_BS);
  State state = model->start(memory), traced_state = traced_start(traced, traced_memory);
  for (int64_t t = 0; t < 3; ++t) {
    const auto previous_N = torch::full({3}, t == 0 ? int64_t{kBosId} : 7 + t, torch::kLong);
    const auto expected = model->step(memory, state, previous_N, AttentionRequest::kMean);
    const auto got = traced_step(traced, traced_memory, traced_state, previous_N);
    CHECK(largest_difference(got.logits_NV, expected.logits_NV) < 2e-4);
    state = expected.state;
    traced_state = got.state;
  }
}

}  // namespace

TEST_CASE("A covering array has every pair of values that is not forbidden") {
  for (const auto& space : option_spaces()) {
    INFO(space.name);
    const auto rows = covering_array(space);
    for (const auto& first : space.options)
      for (const auto& second : space.options)
        for (const auto& a : first.values)
          for (const auto& b : second.values)
            if (first.key != second.key)
              CHECK(covers(rows, {first.key, a}, {second.key, b}) != is_forbidden(space, {first.key, a}, {second.key, b}));
  }
}

TEST_CASE("Every pair of option values keeps the promises") {
  for (const auto& space : option_spaces()) {
    for (const auto& options : covering_array(space)) {
      INFO(space.name << ": " << options.dump());
      check_stepping(space, options);
      check_gradients(space, options);
      check_trace(space, options);
    }
  }
}

TEST_CASE("Pairs of option values that make no sense are refused") {
  for (const auto& space : option_spaces()) {
    for (const auto& [a, b] : space.forbidden) {
      const json options = {{a.key, a.value}, {b.key, b.value}};
      INFO(space.name << ": " << options.dump());
      CHECK_THROWS_AS(built(space, options), ConfigError);
    }
  }
}

}  // namespace attnzoo::test
