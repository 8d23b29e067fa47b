// The hand-written kernels: equal to ATen, and the promises beyond.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "data/error.h"
#include "models/attention/multi_head_attention.h"
#include "models/kernels/attention.h"
#include "models/kernels/dropout.h"
#include "models/kernels/gemm.h"
#include "models/kernels/int8_rows.h"
#include "models/kernels/recurrent_cells.h"
#include "models/kernels/simd.h"
#include "models/layers/dropout.h"
#include "models/layers/elementwise.h"
#include "models/layers/embedding.h"
#include "models/layers/linear_pass.h"
#include "models/layers/positions.h"
#include "models/recurrent/recurrent_encoder.h"
#include "tests/largest_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("The packed matmul equals ATen's at every size and gives a row the same bits in any batch") {
  torch::manual_seed(3);
  for (const auto& [rows, inputs, outputs] :
       {std::tuple<int, int, int>{1, 1, 1}, {3, 17, 5}, {13, 64, 33}, {50, 100, 70}, {130, 31, 129}}) {
    const auto x = torch::randn({rows, inputs}), weight = torch::randn({outputs, inputs}), bias = torch::randn({outputs});
    const kernels::PackedWeight packed(weight, bias);
    const auto y = packed.apply(x);
    CHECK(largest_difference(y, at::linear(x, weight, bias)) < 1e-4);
    for (int64_t row = 0; row < rows; row += 7) CHECK(packed.apply(x.narrow(0, row, 1)).equal(y.narrow(0, row, 1)));
    CHECK(largest_difference(kernels::PackedWeight(weight).apply(x), at::linear(x, weight)) < 1e-4);
    CHECK(kernels::PackedWeight(weight.t().contiguous().t(), bias).apply(x).equal(y));
    // Into columns of a wider matrix, from columns of another, with everything that may follow.
    const auto wide_x = torch::randn({rows, inputs + 3}), wide_out = torch::full({rows, outputs + 2}, 7.0f);
    wide_x.narrow(1, 2, inputs).copy_(x);
    for (const auto compute : {Compute::kFloat32, Compute::kInt8}) {
      const auto linear = kernels::pack_linear(weight, bias, compute);
      const auto added = torch::randn({rows, outputs}), plain = linear->apply(x);
      linear->apply_to(wide_out.narrow(1, 1, outputs), wide_x.narrow(1, 2, inputs), {.relu = true, .add = added});
      CHECK(wide_out.narrow(1, 1, outputs).equal(added + plain.relu()));
      CHECK((wide_out.select(1, 0) == 7).logical_and(wide_out.select(1, outputs + 1) == 7).all().item<bool>());
    }
  }
}

TEST_CASE("A product has the same bits with any number of threads, also where columns are divided among them") {
  torch::manual_seed(6);
  const int threads = at::get_num_threads();
  for (const auto compute : {Compute::kFloat32, Compute::kInt8}) {
    const auto linear = kernels::pack_linear(torch::randn({700, 300}), torch::randn({700}), compute);
    for (const int64_t rows : {5, 70, 130}) {
      const auto x = torch::randn({rows, 300});
      at::set_num_threads(1);
      const auto expected = linear->apply(x);
      for (const int more : {2, 5, 16}) {
        at::set_num_threads(more);
        CHECK(linear->apply(x).equal(expected));
      }
    }
  }
  at::set_num_threads(threads);
}

TEST_CASE("A frozen table refuses ids that it lacks") {
  Embedding table(5, 3, 1.0);
  freeze(table, Compute::kFloat32);
  CHECK(table.forward(torch::tensor({4, 0}, torch::kLong))[0].equal(table.weight[4]));
  CHECK_THROWS_AS(table.forward(torch::tensor({5}, torch::kLong)), DataError);
  CHECK_THROWS_AS(table.forward(torch::tensor({-1}, torch::kLong)), DataError);
}

TEST_CASE("The linear pass of training has ATen's values and gradients") {
  torch::manual_seed(7);
  for (const auto& [relu, with_bias, with_add] :
       {std::tuple{false, true, false}, {true, true, false}, {true, false, false}, {false, true, true}, {false, false, true}}) {
    auto x = torch::randn({5, 31, 70}), weight = torch::randn({90, 70}), bias = torch::randn({90}), add = torch::randn({5, 31, 90});
    const auto out_gradient = torch::randn({5, 31, 90});
    for (auto* tensor : {&x, &weight, &bias, &add}) tensor->requires_grad_();
    const auto gradients_of = [&](const torch::Tensor& y) {
      std::vector<torch::Tensor> inputs = {x, weight};
      if (with_bias) inputs.push_back(bias);
      if (with_add) inputs.push_back(add);
      return torch::autograd::grad({y}, inputs, {out_gradient});
    };
    const auto some_bias = with_bias ? bias : torch::Tensor(), some_add = with_add ? add : torch::Tensor();
    const auto y = linear_pass(x, weight, some_bias, {relu, some_add});
    auto expected = at::linear(x, weight, some_bias);
    if (relu) expected = expected.relu();
    if (with_add) expected = some_add + expected;
    CHECK(largest_difference(y, expected) < 1e-4);
    const auto gradients = gradients_of(y), expected_gradients = gradients_of(expected);
    for (size_t i = 0; i < gradients.size(); ++i) {
      REQUIRE(gradients[i].sizes() == expected_gradients[i].sizes());
      CHECK(largest_difference(gradients[i], expected_gradients[i]) < 1e-3);
    }
  }
}

TEST_CASE("8-bit products have exact sums of rounded numbers with every kernel, and give a row the same bits in any batch") {
  torch::manual_seed(4);
  for (const auto& [rows, inputs, outputs] :
       {std::tuple<int, int, int>{1, 1, 1}, {3, 17, 5}, {13, 64, 33}, {50, 100, 70}, {130, 31, 129}, {7, 256, 64}}) {
    auto x = torch::randn({rows, inputs});
    const auto weight = torch::randn({outputs, inputs}), bias = torch::randn({outputs});
    const auto rounded = [](const torch::Tensor& m) {
      const auto scale = m.abs().amax(1, true).to(torch::kDouble) / 127;
      return std::pair((m / scale).round(), scale);
    };
    const auto [x_q, x_scale] = rounded(x);
    const auto [w_q, w_scale] = rounded(weight);
    const auto expected = x_q.to(torch::kDouble).matmul(w_q.t()) * x_scale * w_scale.t() + bias;
    for (size_t kernel = 0; kernel < kernels::int8_kernels().size(); ++kernel) {
      INFO(kernels::int8_kernels()[kernel] << ": " << rows << " x " << outputs << " x " << inputs);
      const kernels::Int8Weights packed(weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), outputs, inputs, kernel);
      const auto apply = [&](const torch::Tensor& some) {
        auto y = torch::full({some.size(0), outputs + 1}, 7.0f);
        packed.apply_rows(some.const_data_ptr<float>(), inputs, some.size(0), y.data_ptr<float>(), outputs + 1);
        CHECK((y.select(1, outputs) == 7).all().item<bool>());  // nothing is written past a row
        return y.narrow(1, 0, outputs);
      };
      const auto y = apply(x);
      // A quotient that lies on a half may be rounded to either side: one unit of one product.
      CHECK(largest_difference(y, expected.to(torch::kFloat)) < 1e-4 + 2.5 * x_scale.max().item<double>());
      CHECK((y - expected).abs().mean().item<double>() < 1e-3);
      for (int64_t row = 0; row < rows; row += 7) CHECK(apply(x.narrow(0, row, 1)).equal(y.narrow(0, row, 1)));
      for (const float damaged : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
        auto broken = x.clone();
        broken[0][inputs / 2] = damaged;
        const auto result = apply(broken);
        CHECK(result[0].isnan().all().item<bool>());
        CHECK(result.narrow(0, 1, rows - 1).equal(y.narrow(0, 1, rows - 1)));
      }
      CHECK(largest_difference(apply(torch::zeros_like(x))[0], bias) == 0);
    }
  }
}

TEST_CASE("Fast exp, sigmoid and tanh stay within a few units in the last place") {
  for (int i = -20000; i <= 20000; ++i) {
    const float x = static_cast<float>(i) * 0.004f;
    const double exact = std::exp(static_cast<double>(x));
    CHECK(std::abs(kernels::fast_exp(x) - exact) <= 5e-7 * exact);
    CHECK(std::abs(kernels::fast_tanh(x) - std::tanh(static_cast<double>(x))) <= 4e-7);
    CHECK(std::abs(kernels::fast_sigmoid(x) - 1.0 / (1.0 + std::exp(-static_cast<double>(x)))) <= 4e-7);
  }
  CHECK(kernels::fast_exp(-1000.0f) == 0.0f);
  CHECK(kernels::fast_tanh(1e-20f) == 1e-20f);
}

namespace {

// ATen on one sentence at a time: queries q, keys and values kv.
torch::Tensor one_by_one(const torch::Tensor& q, const torch::Tensor& kv, const Packing& queries, const Packing& keys,
                         const AttentionForm& form, bool causal) {
  std::vector<torch::Tensor> out;
  for (size_t b = 0; b + 1 < queries.offsets.size(); ++b) {
    const auto q_rows = q.narrow(0, queries.offsets[b], queries.length(static_cast<int64_t>(b))).unsqueeze(0);
    const auto kv_rows = kv.narrow(0, keys.offsets[b], keys.length(static_cast<int64_t>(b))).unsqueeze(0);
    out.push_back(padded_attention(q_rows, kv_rows, {}, form, causal, 0, false).out.squeeze(0));
  }
  return at::cat(out);
}

}  // namespace

TEST_CASE("Packed attention equals padded attention, forward and backward, in every form") {
  torch::manual_seed(4);
  const auto length_B = torch::tensor({5, 1, 43, 2}, torch::kLong), key_length_B = torch::tensor({3, 7, 1, 33}, torch::kLong);
  const Packing queries(length_B, 43), keys(key_length_B, 33);
  for (const auto& form :
       {AttentionForm{1}, AttentionForm{3}, AttentionForm{6, 2}, AttentionForm{3, 1, 4}, AttentionForm{2, 2, 1, alibi_slopes(2)},
        AttentionForm{4, 2, 0, alibi_slopes(4)}, AttentionForm{4, 1, 17, alibi_slopes(4)}}) {
    INFO(form.num_heads << " heads, " << form.kv_heads() << " of keys, window " << form.window);
    const int64_t dim = form.num_heads * 10, kv_dim = form.kv_heads() * 10;
    // Cross attention against ATen's.
    const auto q = torch::randn({queries.num_rows(), dim}, torch::requires_grad()),
               kv = torch::randn({keys.num_rows(), 2 * kv_dim}, torch::requires_grad());
    const AttentionForm heads{form.num_heads, form.num_kv_heads};
    const auto out = packed_attention(q, kv, queries, keys, heads, false, 0), expected = one_by_one(q, kv, queries, keys, heads, false);
    CHECK(largest_difference(out, expected) < 1e-5);
    const auto upstream = torch::randn_like(out);
    const auto got = torch::autograd::grad({out}, {q, kv}, {upstream}), want = torch::autograd::grad({expected}, {q, kv}, {upstream});
    CHECK(largest_difference(got[0], want[0]) < 1e-5);
    CHECK(largest_difference(got[1], want[1]) < 2e-5);
    for (const bool causal : {false, true}) {
      const auto qkv = torch::randn({queries.num_rows(), dim + 2 * kv_dim}, torch::requires_grad());
      const auto parts = qkv.split({dim, 2 * kv_dim}, -1);
      const auto self = packed_attention(qkv, qkv, queries, queries, form, causal, 0),
                 self_expected = one_by_one(parts[0], parts[1], queries, queries, form, causal);
      CHECK(largest_difference(self, self_expected) < 1e-5);
      CHECK(largest_difference(torch::autograd::grad({self}, {qkv}, {upstream})[0],
                               torch::autograd::grad({self_expected}, {qkv}, {upstream})[0]) < 2e-5);
    }
  }
}

TEST_CASE("Attention with shared key heads gives the same bits on any number of threads") {
  torch::manual_seed(9);
  const Packing rows(torch::full({30}, 11, torch::kLong), 11);
  const AttentionForm form{4, 2, 3, alibi_slopes(4)};
  const auto qkv = torch::randn({330, 8 * 16}, torch::requires_grad());
  const auto run = [&] {
    const auto out = packed_attention(qkv, qkv, rows, rows, form, true, 0);
    return std::pair(out, torch::autograd::grad({out.square().sum()}, {qkv})[0]);
  };
  const auto several = run();
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = run();
  at::set_num_threads(threads);
  CHECK(several.first.equal(one.first));
  CHECK(several.second.equal(one.second));
}

TEST_CASE("Fused attention equals attention that shows its weights, with masks and causal") {
  torch::manual_seed(10);
  const auto length_B = torch::tensor({4, 7, 1}, torch::kLong);
  const auto keep_BS = torch::arange(7).unsqueeze(0) < length_B.unsqueeze(1);
  for (const auto& form : {AttentionForm{2}, AttentionForm{4, 2}, AttentionForm{4, 1, 2}, AttentionForm{2, 0, 0, alibi_slopes(2)}})
    for (const bool masked : {false, true})
      for (const bool causal : {false, true})
        for (const auto type : {torch::kFloat, torch::kDouble}) {
          INFO(form.num_heads << " heads, window " << form.window << (masked ? ", masked" : "") << (causal ? ", causal" : ""));
          const auto q = torch::randn({3, 7, form.num_heads * 6}, type), kv = torch::randn({3, 7, form.kv_heads() * 12}, type);
          const auto keep = masked ? keep_BS : torch::Tensor();
          const auto fused = padded_attention(q, kv, keep, form, causal, 0, false),
                     shown = padded_attention(q, kv, keep, form, causal, 0, true);
          CHECK_FALSE(fused.weights.defined());
          CHECK(largest_difference((fused.out - shown.out).masked_select(keep_BS.unsqueeze(-1)), torch::zeros({1}, type)) < 1e-5);
          CHECK(largest_difference(shown.weights.select(1, 0).sum(1), torch::ones({3}, type)) < 1e-5);
          if (masked) CHECK(shown.weights.select(1, 0).masked_select(keep_BS.logical_not()).abs().max().item<double>() == 0);
        }
}

TEST_CASE("Attention dropout drops its share of the weights and its gradient uses the same mask") {
  torch::manual_seed(5);
  const Packing rows(torch::full({20}, 30, torch::kLong), 30);
  // Values of one: a row's output is the sum of its kept weights.
  auto qkv = torch::zeros({600, 30}, torch::requires_grad());
  qkv.data().narrow(1, 20, 10).fill_(1);
  const auto out = packed_attention(qkv, qkv, rows, rows, {1}, false, 0.25);
  CHECK(out.mean().item<double>() == Approx(1.0).margin(0.01));
  CHECK(out.std().item<double>() > 0.05);
  const auto gradient = torch::autograd::grad({out.sum()}, {qkv})[0].narrow(1, 20, 10);
  CHECK(gradient.sum().item<double>() == Approx(out.sum().item<double>()).epsilon(1e-5));
}

TEST_CASE("A row with no key to read gives zeros, not NaN") {
  std::vector<kernels::AttentionSegment> segments = {{0, 2, 0, 0, 0}};
  std::vector<float> q(8, 1), out(8, 7);
  kernels::attention_forward(segments, {1, 1, 4, 0.5f}, {q.data(), 4}, {q.data(), 4}, {q.data(), 4}, {out.data(), 4}, nullptr, nullptr);
  for (const float value : out) CHECK(value == 0);
}

TEST_CASE("Dropout keeps the expected share, repeats for the same seed, and does not depend on the number of threads") {
  const auto x = torch::ones({300, 1000});
  torch::manual_seed(6);
  const auto once = apply_dropout(x, 0.3, true), other = apply_dropout(x, 0.3, true);
  torch::manual_seed(6);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  CHECK(apply_dropout(x, 0.3, true).equal(once));
  at::set_num_threads(threads);
  CHECK_FALSE(other.equal(once));
  CHECK(once.eq(0).to(torch::kDouble).mean().item<double>() == Approx(0.3).margin(0.003));
  CHECK(once.mean().item<double>() == Approx(1.0).margin(0.005));
  CHECK(apply_dropout(x, 0.3, false).is_same(x));
  torch::manual_seed(1);
  const auto stream = torch::randn(x.sizes()).requires_grad_(), branch = x.clone().requires_grad_();
  torch::manual_seed(3);
  const auto mask_times_x = apply_dropout(x, 0.3, true);
  torch::manual_seed(3);
  const auto sum = add_dropped(stream, branch, 0.3, true);
  CHECK(sum.equal(stream + mask_times_x));
  const auto gradients = torch::autograd::grad({sum}, {stream, branch}, {torch::ones_like(sum)});
  CHECK((gradients[0] == 1).all().item<bool>());
  CHECK(gradients[1].equal((mask_times_x != 0).to(torch::kFloat) / 0.7f));
  auto input = torch::ones({50, 50}, torch::requires_grad());
  const auto dropped = apply_dropout(input, 0.5, true);
  CHECK(torch::autograd::grad({dropped.sum()}, {input})[0].equal(dropped));
}

TEST_CASE("The hand-written recurrent passes equal ATen's bidirectional layers") {
  for (const auto* cell : {"lstm", "gru"}) {
    torch::manual_seed(7);
    RecurrentEncoderConfig config;
    config.cell = cell;
    config.embedding_dim = 12;
    config.dim = 40;
    config.layers = 2;
    config.dropout = 0;
    RecurrentEncoder encoder(config);
    const auto length_B = torch::tensor({4, 9, 1, 6}, torch::kLong);
    const Packing packing(length_B, 9);
    const auto rows = Rows::packed(packing, length_B), padded_rows = Rows::padded(rows.keep());
    const auto x = torch::randn({4, 9, 12});
    const auto padded = encoder.forward(x, padded_rows), expected = packing.pack(padded);
    CHECK(largest_difference(encoder.forward(packing.pack(x), rows), expected) < 1e-5);
    CHECK(largest_difference(encoder.summary(expected, rows), encoder.summary(padded, padded_rows)) < 1e-5);
    const at::NoGradGuard no_grad;
    encoder.eval();
    freeze(encoder, Compute::kFloat32);
    CHECK(largest_difference(encoder.forward(packing.pack(x), rows), expected) < 1e-5);
  }
}

TEST_CASE("An elementwise function gives a row the same bits alone and in a batch") {
  const at::NoGradGuard no_grad;
  torch::manual_seed(8);
  const auto x = torch::randn({37, 21}) * 3;
  const auto each = [&](torch::Tensor (*f)(const torch::Tensor&)) {
    const auto together = apply_elementwise(f, x, true);
    CHECK(largest_difference(together, f(x)) < 1e-6);
    for (int64_t n = 0; n < 37; ++n) CHECK(apply_elementwise(f, x.narrow(0, n, 1), true).equal(together.narrow(0, n, 1)));
  };
  each([](const torch::Tensor& y) { return at::gelu(y); });
  each([](const torch::Tensor& y) { return at::silu(y); });
  each([](const torch::Tensor& y) { return at::sigmoid(y); });
}

TEST_CASE("Sinusoidal positions follow the paper's formula also beyond the table") {
  const SinusoidalPositions positions(6);
  const auto rows = positions(torch::tensor({0, 3, 5000}, torch::kLong), torch::kDouble);
  CHECK(rows[0][0].item<double>() == 0);
  CHECK(rows[0][1].item<double>() == 1);
  CHECK(rows[1][2].item<double>() == Approx(std::sin(3 / std::pow(10000.0, 2.0 / 6))).margin(1e-6));
  CHECK(rows[2][5].item<double>() == Approx(std::cos(5000 / std::pow(10000.0, 4.0 / 6))).margin(1e-6));
}

}  // namespace attnzoo::test
