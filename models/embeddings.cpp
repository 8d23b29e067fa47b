#include "models/embeddings.h"

#include <cmath>

#include "data/error.h"
#include "models/layers/parameters.h"

namespace attnzoo {

ModelEmbeddings::ModelEmbeddings(torch::nn::Module& parent, const VocabularySizes& sizes, const EmbeddingShape& source_shape,
                                 const EmbeddingShape& target_shape, int64_t output_dim, const std::string& tied) {
  const bool same_width = source_shape.dim == target_shape.dim;
  const bool all = tied == "all" || (tied == "auto" && sizes.joint && same_width);
  const bool fits = target_shape.dim == output_dim;
  if (all && !sizes.joint)
    fail<ConfigError>(
        "model.tied_embeddings: 'all' shares one table between source and target, but each side has its own vocabulary; "
        "set data.tokenizer.joint to true, or tied_embeddings to 'decoder' or 'none'");
  if (all && !same_width)
    fail<ConfigError>(
        "model.tied_embeddings: 'all' needs source embeddings ({}) as wide as target embeddings ({}); make them equal or set "
        "tied_embeddings to 'decoder' or 'none'",
        source_shape.dim, target_shape.dim);
  if (!fits && tied != "none" && tied != "auto")
    fail<ConfigError>(
        "model.tied_embeddings: '{}' needs the embeddings ({}) as wide as the output layer's input ({}); "
        "make them equal or set tied_embeddings to 'none'",
        tied, target_shape.dim, output_dim);
  const auto table = [&](const char* name, int64_t vocabulary, const EmbeddingShape& shape) -> std::shared_ptr<Embedding> {
    if (shape.dim == 0) return nullptr;
    return parent.register_module(name, std::make_shared<Embedding>(vocabulary, shape.dim, shape.deviation));
  };
  source = table("source_embedding", sizes.source, all ? target_shape : source_shape);
  target = all ? source : table("target_embedding", sizes.target, target_shape);
  if (tied != "none" && fits) {
    output_weight_VD = target->weight;
  } else {
    const double bound = std::sqrt(6.0 / static_cast<double>(sizes.target + output_dim));
    const auto weight_VD = uniform_parameter({sizes.target, output_dim}, bound);
    output_weight_VD = parent.register_parameter("output_weight", weight_VD);
  }
  output_bias_V = parent.register_parameter("output_bias", torch::zeros({sizes.target}, parameter_options()));
}

}  // namespace attnzoo
