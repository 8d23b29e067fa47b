// Maps a Transformer's tensors to those of a MarianMT directory of Hugging Face, and back.
//
// Two things differ. Queries, keys and values are one matrix here and three there. And in the positions there, all sines precede all
// cosines; here they alternate. The residual stream is therefore permuted: 2i here is i there, 2i + 1 is D/2 + i. Layer norms do not depend
// on the order, so only weights change: the columns of matrices that read the stream (with the output layer), the rows of matrices that
// write it (the columns of embedding tables), and the entries of norms.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace attnzoo {

struct MarianTensor {
  std::string ours;
  std::vector<std::string> theirs;  // stacked, they are the rows of ours
  int64_t num_rows = 0;             // of ours
  int64_t num_columns = 0;          // 0: a vector
  bool rows_in_stream = false, columns_in_stream = false;
};

struct MarianStack {
  int64_t layers = 0, feed_forward_dim = 0;
};

// All tensors except the tables and the output bias. Our layer l is called `layer_l`.
std::vector<MarianTensor> marian_layers(const MarianStack& encoder, const MarianStack& decoder, int64_t model_dim);

// Permutes one axis of a tensor, which is that of the residual stream.
torch::Tensor to_marian_order(const torch::Tensor& x, int64_t axis);
torch::Tensor from_marian_order(const torch::Tensor& x, int64_t axis);

namespace marian_names {
inline constexpr char kShared[] = "model.shared.weight";
inline constexpr char kSource[] = "model.encoder.embed_tokens.weight";
inline constexpr char kTarget[] = "model.decoder.embed_tokens.weight";
inline constexpr char kOutput[] = "lm_head.weight";
inline constexpr char kOutputBias[] = "final_logits_bias";
// Computed, not learned; older files contain them.
inline constexpr const char* kPositions[] = {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"};
}  // namespace marian_names

}  // namespace attnzoo
