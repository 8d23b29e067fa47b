// Classifiers.
#include "models/pooling/pooling_decoder.h"
#include "models/zoo.h"

namespace attnzoo {

void add_pooling(Zoo& zoo) {
  zoo.decoders.push_back(decoder_kind<PoolingConfig, PoolingDecoder>("pooling", "the memory pooled into one vector: a classifier"));
  zoo.families.push_back(
      {"classifier",
       "a label for a text: any encoder, self-attentive, last, mean or max pooling (Lin et al. 2017)",
       R"({"encoder": "transformer", "decoder": "pooling"})",
       {{"tiny", R"({"transformer": {"dim": 128}, "feed_forward_dim": 256, "layers": 2, "num_heads": 4, "embedding_dim": 128,
                     "encoder_dim": 256, "decoder_dim": 128, "dropout": 0.2})"},
        {"small", R"({"transformer": {"dim": 256}, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "embedding_dim": 256,
                     "encoder_dim": 512, "decoder_dim": 256, "dropout": 0.2})"}},
       {{"transformer, self-attention", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "decoder_dim": 20})"},
        {"GRU, additive", R"({"encoder": "recurrent", "cell": "gru", "embedding_dim": 20, "encoder_dim": 24, "decoder_dim": 24,
                              "attention": "additive", "attention_dim": 18, "attention_heads": 3})"},
        {"LSTM, last", R"({"encoder": "recurrent", "cell": "lstm", "embedding_dim": 20, "encoder_dim": 24, "pooling": "last"})"},
        {"transformer, mean", R"({"dim": 24, "feed_forward_dim": 40, "layers": 1, "num_heads": 2, "pooling": "mean"})"},
        {"fusion GRU", R"({"encoder": "fusion", "cell": "gru", "embedding_dim": 20, "dim": 20, "layers": 1})"},
        {"transformer, max", R"({"dim": 24, "feed_forward_dim": 40, "layers": 1, "num_heads": 2, "pooling": "max"})"}}});
}

}  // namespace attnzoo
