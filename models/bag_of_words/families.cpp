// Words without their order.
#include "models/bag_of_words/bag_encoder.h"
#include "models/zoo.h"

namespace attnzoo {

void add_bag_of_words(Zoo& zoo) {
  zoo.encoders.push_back(encoder_kind<BagEncoderConfig, BagEncoder>("bag-of-words", "embeddings without their order"));
  zoo.families.push_back({"bag-of-words",
                          "a label for a text from its words alone: mean of embeddings (Joulin et al. 2017); a baseline for classifiers",
                          R"({"encoder": "bag-of-words", "decoder": "pooling", "pooling": "mean"})",
                          {{"tiny", R"({"embedding_dim": 128, "encoder_dim": 128, "decoder_dim": 128, "dropout": 0.2})"},
                           {"small", R"({"embedding_dim": 256, "encoder_dim": 256, "decoder_dim": 256, "dropout": 0.2})"}},
                          {{"mean", R"({"embedding_dim": 20, "encoder_dim": 24, "decoder_dim": 18})"},
                           {"encoder of a translation", R"({"decoder": "recurrent", "cell": "gru", "embedding_dim": 24, "dim": 24,
                                                            "attention_dim": 16})"}}});
}

}  // namespace attnzoo
