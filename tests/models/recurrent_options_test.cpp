// Options of the recurrent layers in training: masks per sentence, batch statistics, residuals. tests/conformance checks evaluation,
// reference_test.cpp the formulas.
#include <ATen/ATen.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "models/recurrent/recurrent_encoder.h"
#include "models/recurrent/sequence_pass.h"
#include "models/registry.h"
#include "tests/finite_difference.h"
#include "tests/largest_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

struct Sentences {
  torch::Tensor length_B = torch::tensor({4, 7, 1, 7}, torch::kLong);
  Packing packing{length_B, 8};
  Rows packed = Rows::packed(packing, length_B), padded = Rows::padded(packed.keep());
};

Batch random_batch() {
  const auto sentences = [](const std::vector<int64_t>& lengths, bool framed) {
    auto ids = torch::zeros({static_cast<int64_t>(lengths.size()), 9}, torch::kLong);
    for (size_t b = 0; b < lengths.size(); ++b)
      ids[static_cast<int64_t>(b)].narrow(0, 0, lengths[b]).copy_(torch::randint(framed ? 4 : 5, 30, {lengths[b]}, torch::kLong));
    return ids;
  };
  Batch batch;
  batch.source_BS = sentences({5, 2, 9, 1, 5}, false);
  batch.target_in_BT = sentences({3, 9, 6, 2, 1}, true);
  batch.target_out_BT = batch.target_in_BT;
  batch.source_length_B = batch.source_BS.ne(0).sum(1);
  batch.target_length_B = batch.target_in_BT.ne(0).sum(1);
  return batch;
}

// Freshly seeded models in training, with large dropout.
std::shared_ptr<Seq2SeqModel> training_model(nlohmann::json fields) {
  fields.update({{"embedding_dim", 12}, {"encoder_dim", 14}, {"decoder_dim", 10}, {"attention_dim", 8}, {"dropout", 0.4}});
  torch::manual_seed(3);
  return build_model(fields, {30, 30, true});
}

torch::Tensor loss_of(Seq2SeqModel& model, const Batch& batch) {
  torch::manual_seed(5);  // the same masks at every call
  return at::nll_loss(at::log_softmax(model.forward(batch), -1), packed_targets_P(batch));
}

std::vector<nlohmann::json> option_models() {
  const nlohmann::json two = {{"encoder_layers", 2}, {"decoder_layers", 2}, {"variational_dropout", true}};
  std::vector<nlohmann::json> models;
  const auto add = [&](const char* cell, nlohmann::json fields) {
    fields.update({{"family", "hybrid"}, {"encoder", "recurrent"}, {"cell", cell}});
    fields.update(two);
    models.push_back(fields);
  };
  add("lstm", {{"residual", true}, {"encoder_recurrent_norm", "batch"}});
  add("gru", {{"residual", true}, {"encoder_recurrent_norm", "batch"}, {"positions", "sinusoidal"}});
  add("tanh", {{"recurrent_norm", "layer"}, {"positions", "learned"}});
  add("relu", {{"attention", "general"}, {"residual", true}});
  add("gru", {{"attention_heads", 2}, {"coverage", true}});  // no hand-written pass
  return models;
}

}  // namespace

TEST_CASE("Variational dropout drops the same columns at every position of a sentence, and others in another sentence") {
  RecurrentEncoderConfig config;
  config.embedding_dim = 40;
  config.dim = 12;
  config.dropout = 0.5;
  config.variational_dropout = true;
  RecurrentEncoder encoder(config);
  const Sentences s;
  const auto check = [&](const torch::Tensor& embedded, const Rows& rows) {
    encoder.forward(embedded.requires_grad_(), rows).pow(3).sum().backward();
    const auto read_BSI = (rows.packing ? s.packing.unpack(embedded.grad()) : embedded.grad()).ne(0);
    for (int64_t b = 0; b < 4; ++b) {
      const auto read_SI = read_BSI[b].narrow(0, 0, s.packing.length(b));
      CHECK(read_SI.equal(read_SI.narrow(0, 0, 1).expand_as(read_SI)));
      const auto num_read = read_SI[0].sum().item<int64_t>();
      CHECK((num_read > 5 && num_read < 35));
      if (b > 0) CHECK_FALSE(read_SI[0].equal(read_BSI[b - 1][0]));
    }
  };
  SECTION("packed, hand-written") { check(torch::randn({19, 40}), s.packed); }
  SECTION("padded, ATen") {
    encoder.to(torch::kDouble);
    check(torch::randn({4, 8, 40}, torch::kDouble), s.padded);
  }
  SECTION("nothing in evaluation") {
    encoder.eval();
    const auto x = torch::randn({19, 40});
    CHECK(encoder.forward(x, s.packed).equal(encoder.forward(x, s.packed)));
  }
}

TEST_CASE("A recurrent mask applies to the multiplied h, not to the carried h, with the gradients of autograd") {
  const auto kind = GENERATE(CellKind::kLstm, CellKind::kGru, CellKind::kTanh, CellKind::kRelu);
  torch::manual_seed(7);
  Cell cell(kind, 6, 5);
  const Sentences s;
  const auto x = torch::randn({s.packing.num_rows(), 6}), mask_BH = at::bernoulli(torch::full({4, 5}, 0.5)) * 2,
             toward = torch::randn({s.packing.num_rows(), 5});
  for (const bool reversed : {false, true}) {
    INFO(cell_names()[static_cast<size_t>(kind)] << (reversed ? " reversed" : ""));
    // The equations sentence by sentence in double.
    std::vector<torch::Tensor> exact;
    for (const auto& tensor : {x, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh})
      exact.push_back(tensor.detach().to(torch::kDouble).requires_grad_());
    std::vector<torch::Tensor> rows(static_cast<size_t>(s.packing.num_rows()));
    for (int64_t b = 0; b < 4; ++b) {
      auto h = torch::zeros({5}, torch::kDouble), c = h;
      for (int64_t i = 0; i < s.packing.length(b); ++i) {
        const int64_t row = s.packing.offsets[static_cast<size_t>(b)] + (reversed ? s.packing.length(b) - 1 - i : i);
        const auto gx = (exact[1].mv(exact[0][row]) + exact[3]).view({-1, 5});
        const auto gh = (exact[2].mv(h * mask_BH[b].to(torch::kDouble)) + exact[4]).view({-1, 5});
        if (kind == CellKind::kLstm) {
          const auto g = gx + gh;
          c = g[1].sigmoid() * c + g[0].sigmoid() * g[2].tanh();
          h = g[3].sigmoid() * c.tanh();
        } else if (kind == CellKind::kGru) {
          const auto z = (gx[1] + gh[1]).sigmoid();
          h = (1 - z) * (gx[2] + (gx[0] + gh[0]).sigmoid() * gh[2]).tanh() + z * h;
        } else {
          h = kind == CellKind::kTanh ? (gx + gh)[0].tanh() : (gx + gh)[0].relu();
        }
        rows[static_cast<size_t>(row)] = h;
      }
    }
    const auto expected = at::stack(rows);
    (expected * toward).sum().backward();

    auto input = x.clone().requires_grad_();
    cell.zero_grad();
    const auto h_PH = run_sequence(cell, input, TimeMajor(s.packing, reversed), mask_BH);
    (h_PH * toward).sum().backward();
    CHECK(largest_difference(h_PH, expected) < 1e-5);
    const std::vector<torch::Tensor> gradients = {input.grad(), cell.weight_ih.grad(), cell.weight_hh.grad(), cell.bias_ih.grad(),
                                                  cell.bias_hh.grad()};
    for (size_t i = 0; i < gradients.size(); ++i) {
      INFO("gradient " << i);
      CHECK(largest_difference(gradients[i], exact[i].grad()) < 1e-5);
    }
  }
}

TEST_CASE("In training with masks per sentence, the hand-written passes give the loss and gradients of ATen in double") {
  for (const auto& fields : option_models()) {
    INFO(fields.dump());
    const auto fast = training_model(fields), exact = training_model(fields);
    exact->to(torch::kDouble);
    const auto batch = random_batch();
    const auto fast_loss = loss_of(*fast, batch), exact_loss = loss_of(*exact, batch);
    CHECK(fast_loss.item<double>() == Approx(exact_loss.item<double>()).epsilon(1e-5));
    fast_loss.backward();
    exact_loss.backward();
    const auto expected = exact->named_parameters();
    for (const auto& item : fast->named_parameters()) {
      INFO(item.key());
      const auto reference = expected[item.key()].grad();
      CHECK(largest_difference(item.value().grad(), reference) < 2e-5 + 1e-3 * reference.abs().max().item<double>());
    }
    for (const auto& item : fast->named_buffers()) CHECK(largest_difference(item.value(), exact->named_buffers()[item.key()]) < 1e-5);
    // Other masks, other loss: the comparison above did use dropout.
    torch::manual_seed(6);
    CHECK(at::nll_loss(at::log_softmax(fast->forward(batch), -1), packed_targets_P(batch)).item<double>() !=
          Approx(fast_loss.item<double>()).epsilon(1e-4));
  }
}

TEST_CASE("In training with masks per sentence and batch statistics, gradients in double equal finite differences") {
  for (const auto& fields : option_models()) {
    INFO(fields.dump());
    const auto model = training_model(fields);
    model->to(torch::kDouble);
    const auto batch = random_batch();
    loss_of(*model, batch).backward();
    for (const auto& item : model->named_parameters()) {
      INFO(item.key());
      const auto gradient = item.value().grad().flatten();
      const int64_t index = gradient.abs().argmax().item<int64_t>();
      CHECK(finite_difference(item.value(), index, [&] { return loss_of(*model, batch); }) ==
            Approx(gradient[index].item<double>()).epsilon(1e-4).margin(1e-8));
    }
  }
}

TEST_CASE("A row alone at its step is normalised with the running statistics and does not change them, nor does infinity") {
  StepBatchNorm norm(3);
  norm.running_mean_KC.fill_(2);
  norm.running_variance_KC.fill_(4);
  const auto before = norm.running_mean_KC.clone();
  const auto x = torch::randn({3, 3}).requires_grad_();
  const auto position_P = torch::tensor({0, 0, 1}, torch::kLong);
  const auto y = norm.forward(x, position_P);
  y.sum().backward();
  CHECK(largest_difference(y[2], (x[2] - 2) / std::sqrt(4 + StepBatchNorm::kEpsilon)) < 1e-6);
  CHECK(x.grad().isfinite().all().item<bool>());
  CHECK_FALSE(norm.running_mean_KC[0].equal(before[0]));
  CHECK(norm.running_mean_KC.narrow(0, 1, 63).equal(before.narrow(0, 1, 63)));
  const auto after = norm.running_mean_KC.clone();
  norm.forward(torch::full({3, 3}, std::numeric_limits<float>::infinity()), position_P);
  CHECK(norm.running_mean_KC.equal(after));
  norm.eval();
  CHECK(norm.forward(x, position_P)[2].equal(norm.forward(x.narrow(0, 2, 1), torch::tensor({1}, torch::kLong))[0]));
}

TEST_CASE("Steps from 63 on share one set of statistics") {
  StepBatchNorm norm(2);
  const auto x = torch::randn({4, 2}), position_P = torch::tensor({62, 63, 64, 500}, torch::kLong);
  norm.forward(x, position_P);
  CHECK(norm.running_mean_KC[62].equal(torch::zeros({2})));
  CHECK(largest_difference(norm.running_mean_KC[63], 0.1 * x.narrow(0, 1, 3).mean(0)) < 1e-6);
  CHECK(largest_difference(norm.running_variance_KC[63], 0.9 + 0.1 * x.narrow(0, 1, 3).var(0)) < 1e-6);
}

}  // namespace attnzoo::test
