// Where the tensors of a Transformer stand in a MarianMT directory of Hugging Face, for both directions.
//
// Two things differ. Queries, keys and values are one matrix here and three there. And positions: there all sines fill the first half of
// the width and all cosines the second, here they take turns. The residual stream is therefore put into another order: place 2i here is i
// there, 2i + 1 is D/2 + i. A layer norm does not care, so this is a matter of the weights alone: the columns of what reads the stream
// (the output layer too), the rows of what writes it (the embedding tables' columns), the entries of the norms.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace attnzoo {

struct MarianTensor {
  std::string ours;
  std::vector<std::string> theirs;  // one above the other they are the rows of ours
  int64_t num_rows = 0;             // of ours
  int64_t num_columns = 0;          // 0: a vector
  bool rows_in_stream = false, columns_in_stream = false;
};

struct MarianStack {
  int64_t layers = 0, feed_forward_dim = 0;
};

// Everything but the tables and the output bias. Layer l of ours is called `layer_l`.
std::vector<MarianTensor> marian_layers(const MarianStack& encoder, const MarianStack& decoder, int64_t model_dim);

// One axis of a tensor, which is the residual stream's, in the order of the other side.
torch::Tensor to_marian_order(const torch::Tensor& x, int64_t axis);
torch::Tensor from_marian_order(const torch::Tensor& x, int64_t axis);

namespace marian_names {
inline constexpr char kShared[] = "model.shared.weight";
inline constexpr char kSource[] = "model.encoder.embed_tokens.weight";
inline constexpr char kTarget[] = "model.decoder.embed_tokens.weight";
inline constexpr char kOutput[] = "lm_head.weight";
inline constexpr char kOutputBias[] = "final_logits_bias";
// Computed, not learned; older files hold them.
inline constexpr const char* kPositions[] = {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"};
}  // namespace marian_names

}  // namespace attnzoo
