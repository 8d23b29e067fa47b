// Attention fused into recurrent cells: encoder, decoder and families.
#include "models/fusion/fusion_decoder.h"
#include "models/fusion/fusion_encoder.h"
#include "models/zoo.h"

namespace attnzoo {
namespace {

const std::vector<ModelPreset> kFusionPresets = {{"tiny", R"({"embedding_dim": 192, "dim": 192, "layers": 2, "dropout": 0.2})"},
                                                 {"small", R"({"embedding_dim": 256, "dim": 384, "layers": 2, "dropout": 0.2})"},
                                                 {"base", R"({"embedding_dim": 512, "dim": 768, "layers": 3, "dropout": 0.2})"}};

// For every cell: both forms and both kinds of fusion, in encoder and decoder.
const std::vector<ModelPreset> kFusionVariants = {
    {"two-sided, add", R"({"embedding_dim": 24, "dim": 24})"},
    {"two-sided, multiply", R"({"embedding_dim": 20, "encoder_dim": 24, "decoder_dim": 28, "fusion": "multiply"})"},
    {"causal, add", R"({"embedding_dim": 20, "dim": 24, "form": "causal", "decoder_layers": 1})"},
    {"causal, multiply", R"({"embedding_dim": 24, "encoder_dim": 24, "decoder_dim": 20, "form": "causal", "fusion": "multiply"})"}};

}  // namespace

void add_fusion(Zoo& zoo) {
  zoo.encoders.push_back(encoder_kind<FusionConfig, FusionEncoder>("fusion", "recurrent cells with attention fused into them"));
  zoo.decoders.push_back(
      decoder_kind<FusionConfig, FusionDecoder>("fusion", "recurrent cells with attention to the memory fused into them"));
  zoo.families.push_back({"fusion-rnn", "attention fused into simple cells (tanh or relu), encoder and decoder",
                          R"({"encoder": "fusion", "decoder": "fusion", "cell": "tanh"})", kFusionPresets, kFusionVariants});
  zoo.families.push_back({"fusion-lstm", "attention fused into LSTM cells, encoder and decoder",
                          R"({"encoder": "fusion", "decoder": "fusion", "cell": "lstm"})", kFusionPresets, kFusionVariants});
  zoo.families.push_back({"fusion-gru", "attention fused into GRU cells, encoder and decoder",
                          R"({"encoder": "fusion", "decoder": "fusion", "cell": "gru"})", kFusionPresets, kFusionVariants});
}

}  // namespace attnzoo
