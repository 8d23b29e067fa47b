// The source side of a model: embedded tokens in, memory out. Encoders and decoders know each other only through Memory and EncoderShape,
// so that any pair of them is a model.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>

#include "models/layers/rows.h"

namespace attnzoo {

// What a decoder has to know of the encoder it reads.
struct EncoderShape {
  int64_t memory_dim = 0;   // C
  int64_t summary_dim = 0;  // width of Encoder::summary()
};

class Encoder : public torch::nn::Module {
 public:
  virtual EncoderShape shape() const = 0;

  // embedded: rows of the embedding table, [.., I]; scaling, positions and dropout are the encoder's own. Returns [.., C] in the same
  // layout. Packed rows come as float on the CPU only; padded ones on any device, in any type, and traced. Padding changes nothing.
  virtual torch::Tensor forward(const torch::Tensor& embedded, const Rows& rows) const = 0;

  // One vector a sentence, [B, U], from which a recurrent decoder starts: here the mean over the sentence's positions.
  virtual torch::Tensor summary(const torch::Tensor& memory, const Rows& rows) const;
};

}  // namespace attnzoo
