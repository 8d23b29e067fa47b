#include "models/embeddings.h"

#include <cmath>

#include "data/error.h"

namespace attnzoo {

ModelEmbeddings::ModelEmbeddings(torch::nn::Module& parent, const VocabularySizes& sizes, int64_t embedding_dim, int64_t output_dim,
                                 const std::string& tied, double deviation) {
  const bool all = tied == "all" || (tied == "auto" && sizes.joint);
  const bool fits = embedding_dim == output_dim;
  if (all && !sizes.joint)
    fail<ConfigError>(
        "model.tied_embeddings: 'all' shares one table between source and target, but each side has its own vocabulary; "
        "set data.tokenizer.joint to true, or tied_embeddings to 'decoder' or 'none'");
  if (!fits && tied != "none" && tied != "auto")
    fail<ConfigError>(
        "model.tied_embeddings: '{}' needs the embeddings ({}) as wide as the output layer's input ({}); "
        "make them equal or set tied_embeddings to 'none'",
        tied, embedding_dim, output_dim);
  source = parent.register_module("source_embedding", std::make_shared<Embedding>(sizes.source, embedding_dim, deviation));
  target = all ? source : parent.register_module("target_embedding", std::make_shared<Embedding>(sizes.target, embedding_dim, deviation));
  if (tied != "none" && fits) {
    output_weight_VD = target->weight;
  } else {
    const double bound = std::sqrt(6.0 / static_cast<double>(sizes.target + output_dim));
    output_weight_VD = parent.register_parameter("output_weight", torch::empty({sizes.target, output_dim}).uniform_(-bound, bound));
  }
  output_bias_V = parent.register_parameter("output_bias", torch::zeros({sizes.target}));
}

}  // namespace attnzoo
