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

struct ModelEmbeddings {
  std::shared_ptr<Embedding> source, target;  // the same object when all are tied
  torch::Tensor output_weight_VD;             // the target table when tied
  torch::Tensor output_bias_V;

  // Registers what it makes on `parent`. `tied`: "auto", "all", "decoder" or "none"; throws ConfigError for "all" without a joint
  // vocabulary, and where sharing does not fit the widths. output_dim: width of what the output layer gets.
  ModelEmbeddings(torch::nn::Module& parent, const VocabularySizes& sizes, int64_t embedding_dim, int64_t output_dim,
                  const std::string& tied, double deviation);
};

}  // namespace attnzoo
