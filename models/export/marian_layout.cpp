#include "models/export/marian_layout.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

namespace attnzoo {
namespace {

// Adds the tensors of one layer; `ours` and `theirs` end with a dot.
class LayerTensors {
 public:
  LayerTensors(std::vector<MarianTensor>& tensors, std::string ours, std::string theirs, int64_t model_dim)
      : tensors_(tensors), ours_(std::move(ours)), theirs_(std::move(theirs)), dim_(model_dim) {}

  // A map from the stream to `num_rows`; several of theirs are one of ours.
  void reads_stream(const char* name, const std::vector<const char*>& parts, int64_t num_rows) {
    linear(name, parts, num_rows, dim_, false, true);
  }
  void writes_stream(const char* name, const char* part, int64_t num_columns) { linear(name, {part}, dim_, num_columns, true, false); }
  void norm(const char* residual, const char* part) {
    for (const char* kind : {"weight", "bias"})
      tensors_.push_back(
          {fmt::format("{}{}.norm.{}", ours_, residual, kind), {fmt::format("{}{}.{}", theirs_, part, kind)}, dim_, 0, true});
  }

  void feed_forward(int64_t inner_dim) {
    reads_stream("feed_forward.inner", {"fc1"}, inner_dim);
    writes_stream("feed_forward.outer", "fc2", inner_dim);
    norm("feed_forward_residual", "final_layer_norm");
  }
  void self_attention(const char* residual) {
    reads_stream("attention.qkv", {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}, 3 * dim_);
    writes_stream("attention.out", "self_attn.out_proj", dim_);
    norm(residual, "self_attn_layer_norm");
  }

 private:
  void linear(const char* name, const std::vector<const char*>& parts, int64_t num_rows, int64_t num_columns, bool rows_in_stream,
              bool columns_in_stream) {
    MarianTensor weight{fmt::format("{}{}.weight", ours_, name), {}, num_rows, num_columns, rows_in_stream, columns_in_stream};
    MarianTensor bias{fmt::format("{}{}.bias", ours_, name), {}, num_rows, 0, rows_in_stream};
    for (const char* part : parts) {
      weight.theirs.push_back(fmt::format("{}{}.weight", theirs_, part));
      bias.theirs.push_back(fmt::format("{}{}.bias", theirs_, part));
    }
    tensors_.push_back(std::move(weight));
    tensors_.push_back(std::move(bias));
  }

  std::vector<MarianTensor>& tensors_;
  std::string ours_, theirs_;
  int64_t dim_;
};

}  // namespace

std::vector<MarianTensor> marian_layers(const MarianStack& encoder, const MarianStack& decoder, int64_t model_dim) {
  std::vector<MarianTensor> tensors;
  for (int64_t l = 0; l < encoder.layers; ++l) {
    LayerTensors layer(tensors, fmt::format("encoder.layer_{}.", l), fmt::format("model.encoder.layers.{}.", l), model_dim);
    layer.self_attention("attention_residual");
    layer.feed_forward(encoder.feed_forward_dim);
  }
  for (int64_t l = 0; l < decoder.layers; ++l) {
    LayerTensors layer(tensors, fmt::format("decoder.layer_{}.", l), fmt::format("model.decoder.layers.{}.", l), model_dim);
    layer.self_attention("self_residual");
    layer.reads_stream("cross_query", {"encoder_attn.q_proj"}, model_dim);
    layer.reads_stream("memory_kv", {"encoder_attn.k_proj", "encoder_attn.v_proj"}, 2 * model_dim);
    layer.writes_stream("cross_out", "encoder_attn.out_proj", model_dim);
    layer.norm("cross_residual", "encoder_attn_layer_norm");
    layer.feed_forward(decoder.feed_forward_dim);
  }
  return tensors;
}

torch::Tensor to_marian_order(const torch::Tensor& x, int64_t axis) {
  return x.unflatten(axis, {-1, 2}).transpose(axis, axis + 1).flatten(axis, axis + 1).contiguous();
}

torch::Tensor from_marian_order(const torch::Tensor& x, int64_t axis) {
  return x.unflatten(axis, {2, -1}).transpose(axis, axis + 1).flatten(axis, axis + 1).contiguous();
}

}  // namespace attnzoo
