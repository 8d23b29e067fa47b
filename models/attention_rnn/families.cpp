// Recurrent encoders and decoders with attention, and their families.
#include "models/attention_rnn/attention_decoder.h"
#include "models/recurrent/recurrent_encoder.h"
#include "models/zoo.h"

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

void add_attention_rnn(Zoo& zoo) {
  zoo.encoders.push_back(
      encoder_kind<RecurrentEncoderConfig, RecurrentEncoder>("recurrent", "bidirectional recurrent layers (Schuster and Paliwal 1997)"));
  zoo.decoders.push_back(decoder_kind<AttentionDecoderConfig, AttentionDecoder>(
      "recurrent", "recurrent cells with attention and input feeding (Bahdanau 2015, Luong 2015)"));
  zoo.families.push_back(
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
             "variational_dropout": true, "positions": "learned"})"}}});
  zoo.families.push_back({"attention-lstm", "bidirectional LSTM encoder, LSTM decoder with attention and input feeding",
                          R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "lstm"})", kRecurrentPresets, kRecurrentVariants});
  zoo.families.push_back({"attention-gru", "bidirectional GRU encoder, GRU decoder with attention and input feeding",
                          R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "gru"})", kRecurrentPresets, kRecurrentVariants});
  zoo.families.push_back(
      {"pointer-generator",
       "LSTM with additive attention that may copy words of the source, with coverage (See et al. 2017)",
       R"({"encoder": "recurrent", "decoder": "recurrent", "cell": "lstm", "copy": true, "coverage": true, "coverage_loss": 1.0})",
       kRecurrentPresets,
       {{"coverage", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention_dim": 16})"},
        {"no coverage, GRU", R"({"embedding_dim": 24, "encoder_dim": 32, "decoder_dim": 28, "attention": "general", "cell": "gru",
                                 "coverage": false, "coverage_loss": 0.0})"},
        {"transformer", R"({"encoder": "transformer", "decoder": "transformer", "dim": 24, "feed_forward_dim": 40, "layers": 2,
                            "num_heads": 2})"}}});
}

}  // namespace attnzoo
