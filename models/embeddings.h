// A model's three tables: source embedding, target embedding, output layer. Two or all of them may be one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "models/layers/embedding.h"
#include "models/registry.h"

namespace attnzoo {

// The embedding table that a part reads.
struct EmbeddingShape {
  int64_t dim = 0;       // 0: none
  double deviation = 0;  // standard deviation of the initial weights
};

struct ModelEmbeddings {
  std::shared_ptr<Embedding> source, target;  // one object when all are tied; null for a side that is not read
  torch::Tensor output_weight_VD;             // the target table when tied
  torch::Tensor output_bias_V;

  // Registers the tables on `parent`. `tied`: "auto", "all", "decoder" or "none" (EncoderDecoderConfig). output_dim: input width of the
  // output layer. Throws ConfigError for "all" without a joint vocabulary, and for widths that do not match.
  ModelEmbeddings(torch::nn::Module& parent, const VocabularySizes& sizes, const EmbeddingShape& source_shape,
                  const EmbeddingShape& target_shape, int64_t output_dim, const std::string& tied);
};

}  // namespace attnzoo
