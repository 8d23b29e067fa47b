// A stack of bidirectional recurrent layers over the source (Schuster and Paliwal 1997; the encoder of Bahdanau et al. 2015). Neither
// direction sees padding: the backward one starts at each sentence's last token.
//
//   x_0 = embedding (+ position),   y_l = norm(layer_l(drop(x_l))),   x_(l+1) = y_l; residual: y_l + x_l above the first layer
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "models/encoder.h"
#include "models/layers/norm.h"
#include "models/layers/positions.h"
#include "models/recurrent/cell.h"
#include "models/recurrent/recurrent_encoder_config.h"
#include "models/recurrent/step_batch_norm.h"

namespace attnzoo {

class RecurrentEncoder : public Encoder {
 public:
  explicit RecurrentEncoder(const RecurrentEncoderConfig& config);
  EncoderShape shape() const override { return {2 * hidden_dim_, 2 * hidden_dim_}; }
  // Packed: hand-written passes in training, kernels if frozen. Padded: ATen's layers, with zeros for padding.
  torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const override;
  // The top layer's output where each direction ends: [forward at the last token ; backward at the first].
  torch::Tensor summary(const torch::Tensor& memory, const Rows& rows) const override;

 private:
  // A layer's masks of variational dropout, one row per sentence, for its input and each direction's h; undefined without it.
  struct LayerMasks {
    torch::Tensor input, ahead, back;
  };
  std::vector<LayerMasks> draw_masks(const torch::Tensor& embedded, const Rows& rows) const;
  torch::Tensor forward_packed(const torch::Tensor& x_PI, const Rows& rows, const std::vector<LayerMasks>& masks) const;
  torch::Tensor forward_padded(const torch::Tensor& x_BSI, const Rows& rows, const std::vector<LayerMasks>& masks) const;
  // All layers over rows without padding, in any order. spread: a mask per sentence -> one per row. run_layer: runs layer l.
  torch::Tensor run_layers(torch::Tensor x, const torch::Tensor& position_P, const std::vector<LayerMasks>& masks,
                           const std::function<torch::Tensor(const torch::Tensor& mask)>& spread,
                           const std::function<torch::Tensor(size_t l, const torch::Tensor& x)>& run_layer) const;

  CellKind kind_;
  int64_t hidden_dim_;
  double dropout_;
  bool variational_dropout_, residual_;
  AddedPositions positions_;
  std::vector<std::shared_ptr<Cell>> forward_, backward_;    // one per layer
  std::vector<std::shared_ptr<Norm>> layer_norms_;           // one per layer, or none
  std::vector<std::shared_ptr<StepBatchNorm>> batch_norms_;  // one per layer, or none
};

}  // namespace attnzoo
