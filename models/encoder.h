// The source side of a model: embedded tokens in, memory out. Encoders and decoders know each other only through Memory and EncoderShape,
// so any pair makes a model.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "models/layers/rows.h"
#include "models/part.h"

namespace attnzoo {

// What a decoder must know about its encoder.
struct EncoderShape {
  int64_t memory_dim = 0;   // C
  int64_t summary_dim = 0;  // width of Encoder::summary()
};

class Encoder : public Part {
 public:
  virtual EncoderShape shape() const = 0;

  // embedded: rows of the embedding table, [.., I]; the encoder itself scales, adds positions and drops out. Returns [.., C] in the same
  // layout. Packed rows are float on the CPU; padded ones may have any device and type, and may be traced. Padding has no effect.
  virtual torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const = 0;
  // The same, for inference, with each layer's self-attention appended; see Seq2SeqModel::encode_with_heads.
  virtual torch::Tensor forward_with_heads(const torch::Tensor& embedded, const Rows& rows, std::vector<torch::Tensor>&) const {
    return forward(embedded, rows);
  }

  // One vector per sentence, [B, U], from which a recurrent decoder starts; by default the mean over the sentence's positions.
  virtual torch::Tensor summary(const torch::Tensor& memory, const Rows& rows) const;
};

}  // namespace attnzoo
