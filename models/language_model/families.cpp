// Language models: any decoder, without a source.
#include "models/language_model/no_encoder.h"
#include "models/zoo.h"

namespace attnzoo {

void add_language_model(Zoo& zoo) {
  zoo.encoders.push_back(encoder_kind<NoEncoderConfig, NoEncoder>("none", "no source: a language model"));
  zoo.families.push_back(
      {"language-model",
       "a decoder without a source: perplexity and sampling of text",
       R"({"encoder": "none", "decoder": "transformer"})",
       {{"tiny", R"({"transformer": {"dim": 128}, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "embedding_dim": 128,
                     "decoder_dim": 256, "dropout": 0.2})"},
        {"small", R"({"transformer": {"dim": 256}, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "embedding_dim": 256,
                     "decoder_dim": 512, "dropout": 0.2})"},
        {"base", R"({"transformer": {"dim": 512}, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "embedding_dim": 512,
                     "decoder_dim": 1024, "dropout": 0.1})"}},
       {{"transformer", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2})"},
        {"SSRU", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "autoregression": "ssru"})"},
        {"LSTM", R"({"decoder": "recurrent", "cell": "lstm", "embedding_dim": 24, "decoder_dim": 30, "layers": 2})"},
        {"fusion LSTM", R"({"decoder": "fusion", "cell": "lstm", "form": "causal", "embedding_dim": 24, "dim": 24})"},
        {"GRU", R"({"decoder": "recurrent", "cell": "gru", "embedding_dim": 24, "decoder_dim": 30, "layers": 1})"}}});
}

}  // namespace attnzoo
