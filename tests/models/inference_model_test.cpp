#include "models/inference_model.h"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "models/export/trace.h"
#include "models/registry.h"
#include "tests/largest_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::shared_ptr<Seq2SeqModel> small_model() {
  torch::manual_seed(1);
  return build_model({{"family", "attention-gru"}, {"preset", "tiny"}, {"dropout", 0.5}}, {20, 20, true});
}

torch::Tensor first_logits(Seq2SeqModel& model) {
  const at::NoGradGuard no_grad;
  const auto memory = model.encode(torch::tensor({{5, 6, 7, 3}}, torch::kLong));
  return model.step(memory, model.start(memory), torch::full({1}, int64_t{2}, torch::kLong), AttentionRequest::kNone).logits_NV;
}

}  // namespace

TEST_CASE("A model is frozen while an InferenceModel of it exists, and then as it was, training mode included") {
  const auto model = small_model();
  CHECK(model->is_training());
  {
    const InferenceModel outer(*model, Compute::kInt8);
    CHECK(model->frozen());
    CHECK_FALSE(model->is_training());
    const auto logits = first_logits(*model);
    {
      const InferenceModel inner(*model);  // changes nothing, not even the type
      CHECK(first_logits(*model).equal(logits));
    }
    CHECK(model->frozen());
    CHECK(first_logits(*model).equal(logits));
  }
  CHECK_FALSE(model->frozen());
  CHECK(model->is_training());
  model->eval();
  { const InferenceModel again(*model); }
  CHECK_FALSE(model->is_training());
}

TEST_CASE("A model that is frozen again after training has its new weights") {
  const auto model = small_model();
  const auto before = [&] {
    const InferenceModel frozen(*model);
    return first_logits(*model);
  }();
  {
    const at::NoGradGuard no_grad;
    for (auto& parameter : model->parameters()) parameter.mul_(1.5);
  }
  model->eval();
  const auto plain = first_logits(*model);
  const InferenceModel frozen(*model);
  CHECK(largest_difference(first_logits(*model), plain) < 1e-4);
  CHECK(largest_difference(before, plain) > 1e-2);
}

TEST_CASE("What cannot be frozen stays plain in float and is refused in int8; what is frozen cannot be traced") {
  const auto model = small_model();
  model->to(torch::kDouble);
  {
    const InferenceModel plain(*model);
    CHECK_FALSE(model->frozen());
    CHECK(first_logits(*model).scalar_type() == torch::kDouble);
  }
  CHECK_THROWS_AS(InferenceModel(*model, Compute::kInt8), ConfigError);
  CHECK(model->is_training());
  const auto other = small_model();
  const InferenceModel frozen(*other);
  CHECK_THROWS_AS(trace_model(*other, 20), Error);
}

}  // namespace attnzoo::test
