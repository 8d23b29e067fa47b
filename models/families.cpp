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
                               "tied_embeddings": "none", "decoder_layers": 2})"}};

const std::vector<ModelPreset> kFusionPresets = {
    {"tiny", R"({"embedding_dim": 192, "dim": 192, "layers": 2, "dropout": 0.2})"},
    {"small", R"({"embedding_dim": 256, "dim": 384, "layers": 2, "dropout": 0.2})"},
    {"base", R"({"embedding_dim": 512, "dim": 768, "layers": 3, "dropout": 0.2})"}};

// Of every cell: both forms and both ways to fuse, in encoder and decoder.
const std::vector<ModelPreset> kFusionVariants = {
    {"two-sided, add", R"({"embedding_dim": 24, "dim": 24})"},
    {"two-sided, multiply", R"({"embedding_dim": 20, "encoder_dim": 24, "decoder_dim": 28, "fusion": "multiply"})"},
    {"causal, add", R"({"embedding_dim": 20, "dim": 24, "form": "causal", "decoder_layers": 1})"},
    {"causal, multiply", R"({"embedding_dim": 24, "encoder_dim": 24, "decoder_dim": 20, "form": "causal", "fusion": "multiply"})"}};

}  // namespace

const std::vector<ModelFamily>& model_families() {
  static const std::vector<ModelFamily> families = {
      {"attention-rnn",
       "bidirectional encoder and decoder of simple tanh or relu cells, with attention and input feeding",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "tanh"})",
       kRecurrentPresets,
       {{"tanh", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "attention_dim": 16, "decoder_layers": 2})"},
        {"relu",
         R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 40, "encoder_layers": 2, "attention_dim": 16, "cell": "relu"})"}}},
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
      {"fusion-rnn", "attention fused into simple cells (tanh or relu), encoder and decoder",
       R"({"encoder": "fusion", "decoder": "fusion", "cell": "tanh"})", kFusionPresets, kFusionVariants},
      {"fusion-lstm", "attention fused into LSTM cells, encoder and decoder", R"({"encoder": "fusion", "decoder": "fusion", "cell": "lstm"})",
       kFusionPresets, kFusionVariants},
      {"fusion-gru", "attention fused into GRU cells, encoder and decoder", R"({"encoder": "fusion", "decoder": "fusion", "cell": "gru"})",
       kFusionPresets, kFusionVariants},
      {"pointer-generator",
       "LSTM with additive attention that may copy words of the source, with coverage (See et al. 2017)",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "lstm", "copy": true, "coverage": true, "coverage_loss": 1.0})",
       kRecurrentPresets,
       {{"coverage", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention_dim": 16})"},
        {"no coverage, GRU", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention": "general", "cell": "gru",
                                 "coverage": false, "coverage_loss": 0.0})"},
        {"transformer", R"({"encoder": "transformer", "decoder": "transformer", "model_dim": 24, "feed_forward_dim": 40, "layers": 2,
                            "num_heads": 2})"}}},
      {"classifier",
       "a label for a text: any encoder, self-attentive, last, mean or max pooling (Lin et al. 2017)",
       R"({"encoder": "transformer", "decoder": "pooling"})",
       {{"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "layers": 2, "num_heads": 4, "embedding_dim": 128, "encoder_dim": 256,
                     "decoder_dim": 128, "dropout": 0.2})"},
        {"small", R"({"model_dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "embedding_dim": 256, "encoder_dim": 512,
                      "decoder_dim": 256, "dropout": 0.2})"}},
       {{"transformer, self-attention", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "decoder_dim": 20})"},
        {"GRU, additive", R"({"encoder": "recurrent", "cell": "gru", "embedding_dim": 20, "encoder_dim": 24, "decoder_dim": 24,
                              "attention": "additive", "attention_dim": 18, "attention_heads": 3})"},
        {"LSTM, last", R"({"encoder": "recurrent", "cell": "lstm", "embedding_dim": 20, "encoder_dim": 24, "pooling": "last"})"},
        {"transformer, mean", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 1, "num_heads": 2, "pooling": "mean"})"},
        {"fusion GRU", R"({"encoder": "fusion", "cell": "gru", "embedding_dim": 20, "dim": 20, "layers": 1})"},
        {"transformer, max", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 1, "num_heads": 2, "pooling": "max"})"}}},
      {"language-model",
       "a decoder without a source: perplexity and sampling of text",
       R"({"encoder": "none", "decoder": "transformer"})",
       {{"tiny", R"({"model_dim": 128, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "embedding_dim": 128, "decoder_dim": 256,
                     "dropout": 0.2})"},
        {"small", R"({"model_dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "embedding_dim": 256, "decoder_dim": 512,
                      "dropout": 0.2})"},
        {"base", R"({"model_dim": 512, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "embedding_dim": 512, "decoder_dim": 1024,
                     "dropout": 0.1})"}},
       {{"transformer", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2})"},
        {"SSRU", R"({"model_dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "autoregression": "ssru"})"},
        {"LSTM", R"({"decoder": "recurrent", "cell": "lstm", "embedding_dim": 24, "decoder_dim": 30, "layers": 2})"},
        {"fusion LSTM", R"({"decoder": "fusion", "cell": "lstm", "form": "causal", "embedding_dim": 24, "dim": 24})"},
        {"GRU", R"({"decoder": "recurrent", "cell": "gru", "embedding_dim": 24, "decoder_dim": 30, "layers": 1})"}}},
  };
  return families;
}

}  // namespace attnzoo
