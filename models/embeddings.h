// The three tables at a model's rim: source embedding, target embedding, output layer; one, two or three of them shared.
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
  int64_t dim = 0;       // 0: it reads none
  double deviation = 0;  // of its initial weights
};

struct ModelEmbeddings {
  std::shared_ptr<Embedding> source, target;  // the same object when all are tied; null for a side that is not read
  torch::Tensor output_weight_VD;             // the target table when tied
  torch::Tensor output_bias_V;

  // Registers what it makes on `parent`. `tied`: "auto", "all", "decoder" or "none"; throws ConfigError for "all" without a joint
  // vocabulary, and where sharing does not fit the widths. output_dim: width of what the output layer gets.
  ModelEmbeddings(torch::nn::Module& parent, const VocabularySizes& sizes, const EmbeddingShape& source_shape,
                  const EmbeddingShape& target_shape, int64_t output_dim, const std::string& tied);
};

}  // namespace attnzoo
