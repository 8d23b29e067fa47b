// The family for any pair of encoder and decoder.
#include "models/zoo.h"

namespace attnzoo {

void add_hybrid(Zoo& zoo) {
  zoo.families.push_back(
      {"hybrid",
       "any encoder with any decoder: self-attention encoder, GRU decoder with attention unless told otherwise",
       R"({"encoder": "transformer", "decoder": "recurrent", "cell": "gru"})",
       {{"tiny", R"({"transformer": {"dim": 128}, "feed_forward_dim": 256, "encoder_layers": 4, "embedding_dim": 128, "decoder_dim": 256,
                     "attention_dim": 128, "dropout": 0.2})"},
        {"small", R"({"transformer": {"dim": 256}, "feed_forward_dim": 1024, "encoder_layers": 3, "embedding_dim": 256, "decoder_dim": 512,
                      "attention_dim": 256, "dropout": 0.2})"}},
       {{"transformer and GRU", R"({"dim": 24, "feed_forward_dim": 40, "encoder_layers": 2, "num_heads": 2, "embedding_dim": 24,
                                    "decoder_dim": 36, "attention_dim": 16})"},
        {"transformer and LSTM, general", R"({"cell": "lstm", "dim": 24, "feed_forward_dim": 40, "encoder_layers": 1, "num_heads": 2,
                                              "embedding_dim": 20, "decoder_dim": 36, "attention": "general"})"},
        {"LSTM and transformer",
         R"({"encoder": "recurrent", "decoder": "transformer", "cell": "lstm", "embedding_dim": 22, "encoder_dim": 30,
                                     "dim": 24, "feed_forward_dim": 40, "decoder_layers": 2, "num_heads": 3})"}}});
}

}  // namespace attnzoo
