// The list of families. A family that needs no new part is an entry here and nothing else.
#include "models/registry.h"

namespace attnzoo {
namespace {

const std::vector<ModelPreset> kRecurrentPresets = {
    {"tiny", R"({"embedding_dim": 128, "encoder_dim": 256, "decoder_dim": 256, "attention_dim": 128, "dropout": 0.2})"},
    {"small", R"({"embedding_dim": 256, "encoder_dim": 512, "decoder_dim": 512, "attention_dim": 256, "dropout": 0.2})"},
    {"base", R"({"embedding_dim": 512, "encoder_dim": 1024, "decoder_dim": 1024, "attention_dim": 512, "encoder_layers": 2,
                 "decoder_layers": 2, "dropout": 0.2})"}};

const std::vector<ModelPreset> kRecurrentVariants = {
    {"additive", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "attention_dim": 16})"},
    {"general, two layers", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "encoder_layers": 2, "decoder_layers": 2,
                                "attention": "general", "tied_embeddings": "decoder"})"},
    {"dot, heads, sparsemax", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 32, "attention": "dot", "attention_heads": 4,
                                  "attention_normalization": "sparsemax"})"},
    {"scaled dot, entmax, local-m", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention": "scaled_dot",
                                        "attention_dim": 18, "attention_heads": 2, "attention_normalization": "entmax15",
                                        "locality": "local-m", "window": 2})"},
    {"bilinear, local-p", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention": "bilinear", "locality": "local-p",
                              "window": 3, "decoder_layers": 2})"},
    {"additive heads, coverage", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention_dim": 18, "attention_heads": 2,
                                     "coverage": true})"},
    {"untied, odd widths", R"({"embedding_dim": 15, "encoder_dim": 22, "decoder_dim": 19, "attention_dim": 13, "readout_dim": 17,
                               "tied_embeddings": "none", "decoder_layers": 2})"},
    {"residual, layer norm, learned positions", R"({"embedding_dim": 24, "encoder_dim": 26, "decoder_dim": 28, "attention_dim": 16,
                                                    "encoder_layers": 2, "decoder_layers": 2, "residual": true,
                                                    "recurrent_norm": "layer", "positions": "learned"})"},
    {"residual, batch norm, variational dropout, sinusoids", R"({"embedding_dim": 22, "encoder_dim": 26, "decoder_dim": 28,
                                                                 "attention_dim": 16, "encoder_layers": 3, "decoder_layers": 3,
                                                                 "residual": true, "encoder_recurrent_norm": "batch",
                                                                 "variational_dropout": true, "positions": "sinusoidal"})"}};

}  // namespace

const std::vector<ModelFamily>& model_families() {
  static const std::vector<ModelFamily> families = {
      {"attention-rnn",
       "bidirectional encoder and decoder of simple tanh or relu cells, with attention and input feeding",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "tanh"})",
       kRecurrentPresets,
       {{"tanh", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "attention_dim": 16, "decoder_layers": 2})"},
        {"relu",
         R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "encoder_layers": 2, "attention_dim": 16, "cell": "relu"})"},
        {"relu, residual, batch and layer norm, variational dropout, learned positions",
         R"({"embedding_dim": 21, "encoder_dim": 26, "decoder_dim": 28, "attention_dim": 16, "encoder_layers": 2, "decoder_layers": 2,
             "cell": "relu", "residual": true, "encoder_recurrent_norm": "batch", "decoder_recurrent_norm": "layer",
             "variational_dropout": true, "positions": "learned"})"}}},
      {"attention-lstm", "bidirectional LSTM encoder, LSTM decoder with attention and input feeding",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "lstm"})", kRecurrentPresets, kRecurrentVariants},
      {"attention-gru", "bidirectional GRU encoder, GRU decoder with attention and input feeding",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "gru"})", kRecurrentPresets, kRecurrentVariants},
      {"transformer",
       "self-attention encoder and decoder (Vaswani et al. 2017), pre- or post-norm",
       R"({"encoder": "transformer", "decoder": "transformer"})",
       {{"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "dropout": 0.3})"},
        {"small", R"({"model_dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "dropout": 0.1})"},
        {"base", R"({"model_dim": 512, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "dropout": 0.1})"}},
       {{"pre-norm", R"({"model_dim": 32, "feed_forward_dim": 48, "layers": 2, "num_heads": 2, "tied_embeddings": "all"})"},
        {"post-norm", R"({"model_dim": 32, "feed_forward_dim": 48, "layers": 2, "num_heads": 4, "norm": "post", "activation": "gelu",
                          "tied_embeddings": "decoder"})"},
        {"untied, odd width", R"({"model_dim": 18, "feed_forward_dim": 23, "layers": 2, "num_heads": 2, "tied_embeddings": "none"})"},
        {"sandwich, rotary, swiglu", R"({"model_dim": 24, "feed_forward_dim": 20, "layers": 2, "num_heads": 3, "norm": "sandwich",
                                         "norm_kind": "rms", "positions": "rotary", "activation": "swiglu"})"},
        {"shared, learned", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 3, "num_heads": 2, "norm_kind": "rms", "norm": "post",
                                "positions": "learned", "shared_layers": true, "layer_drop": 0.2})"},
        {"no positions", R"({"model_dim": 20, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "positions": "none"})"}}},
      {"transformer-ssru",
       "self-attention encoder, recurrent decoder of SSRU cells with attention to the memory (Kim et al. 2019)",
       R"({"encoder": "transformer", "decoder": "transformer", "autoregression": "ssru", "decoder_positions": "none"})",
       {{"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "dropout": 0.3})"},
        {"small", R"({"model_dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "dropout": 0.1})"},
        {"base", R"({"model_dim": 512, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "dropout": 0.1})"}},
       {{"pre-norm", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2})"},
        {"post-norm, positions", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 3, "norm": "post",
                                     "decoder_positions": "sinusoidal"})"}}},
      {"hybrid",
       "any encoder with any decoder: self-attention encoder, GRU decoder with attention unless told otherwise",
       R"({"encoder": "transformer", "decoder": "recurrent", "cell": "gru"})",
       {{"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "encoder_layers": 4, "embedding_dim": 128, "decoder_dim": 256,
                     "attention_dim": 128, "dropout": 0.2})"},
        {"small", R"({"model_dim": 256, "feed_forward_dim": 1024, "encoder_layers": 3, "embedding_dim": 256, "decoder_dim": 512,
                      "attention_dim": 256, "dropout": 0.2})"}},
       {{"transformer and GRU", R"({"model_dim": 24, "feed_forward_dim": 40, "encoder_layers": 2, "num_heads": 2, "embedding_dim": 24,
                                    "decoder_dim": 36, "attention_dim": 16})"},
        {"transformer and LSTM, general", R"({"cell": "lstm", "model_dim": 24, "feed_forward_dim": 40, "encoder_layers": 1, "num_heads": 2,
                                              "embedding_dim": 20, "decoder_dim": 36, "attention": "general"})"},
        {"LSTM and transformer",
         R"({"encoder": "recurrent", "decoder": "transformer", "cell": "lstm", "embedding_dim": 22, "encoder_dim": 30,
                                     "model_dim": 24, "feed_forward_dim": 40, "decoder_layers": 2, "num_heads": 3})"}}},
  };
  return families;
}

}  // namespace attnzoo
