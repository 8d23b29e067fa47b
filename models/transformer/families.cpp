// Transformers: encoder, decoder and families.
#include "models/transformer/transformer_decoder.h"
#include "models/transformer/transformer_encoder.h"
#include "models/zoo.h"

namespace attnzoo {

void add_transformer(Zoo& zoo) {
  zoo.encoders.push_back(encoder_kind<TransformerEncoderConfig, TransformerEncoder>("transformer", "self-attention (Vaswani et al. 2017)"));
  zoo.decoders.push_back(
      decoder_kind<TransformerDecoderConfig, TransformerDecoder>("transformer", "masked self-attention and attention to the memory"));
  zoo.families.push_back(
      {"transformer",
       "self-attention encoder and decoder (Vaswani et al. 2017), pre- or post-norm",
       R"({"encoder": "transformer", "decoder": "transformer"})",
       {{"tiny", R"({"dim": 128, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "dropout": 0.3})"},
        {"small", R"({"dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "dropout": 0.1})"},
        {"base", R"({"dim": 512, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "dropout": 0.1})"}},
       {{"pre-norm", R"({"dim": 32, "feed_forward_dim": 48, "layers": 2, "num_heads": 2, "tied_embeddings": "all"})"},
        {"post-norm", R"({"dim": 32, "feed_forward_dim": 48, "layers": 2, "num_heads": 4, "norm": "post", "activation": "gelu",
                          "tied_embeddings": "decoder"})"},
        {"untied, odd width", R"({"dim": 18, "feed_forward_dim": 23, "layers": 2, "num_heads": 2, "tied_embeddings": "none"})"},
        {"sandwich, rotary, swiglu", R"({"dim": 24, "feed_forward_dim": 20, "layers": 2, "num_heads": 3, "norm": "sandwich",
                                         "norm_kind": "rms", "positions": "rotary", "activation": "swiglu"})"},
        {"shared, learned", R"({"dim": 24, "feed_forward_dim": 40, "layers": 3, "num_heads": 2, "norm_kind": "rms", "norm": "post",
                                "positions": "learned", "shared_layers": true, "layer_drop": 0.2})"},
        {"no positions", R"({"dim": 20, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "positions": "none"})"},
        {"post-norm, silu", R"({"dim": 24, "feed_forward_dim": 37, "layers": 2, "num_heads": 2, "norm": "post",
                                "activation": "silu"})"},
        {"grouped-query, alibi", R"({"dim": 32, "feed_forward_dim": 40, "layers": 2, "num_heads": 4, "num_kv_heads": 2,
                                     "positions": "alibi"})"},
        {"multi-query, window, rotary", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 3, "num_kv_heads": 1,
                                            "attention_window": 2, "positions": "rotary"})"},
        {"relative, window", R"({"dim": 20, "feed_forward_dim": 40, "layers": 2, "num_heads": 2, "positions": "relative",
                                 "relative_distance": 3, "attention_window": 4})"},
        {"grouped-query and relative encoder, multi-query, alibi and window in the decoder",
         R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 4, "encoder_num_kv_heads": 2, "decoder_num_kv_heads": 1,
             "encoder_positions": "relative", "decoder_positions": "alibi", "decoder_attention_window": 3})"}}});
  zoo.families.push_back(
      {"transformer-ssru",
       "self-attention encoder, recurrent decoder of SSRU cells with attention to the memory (Kim et al. 2019)",
       R"({"encoder": "transformer", "decoder": "transformer", "autoregression": "ssru", "decoder_positions": "none"})",
       {{"tiny", R"({"dim": 128, "feed_forward_dim": 256, "layers": 4, "num_heads": 4, "dropout": 0.3})"},
        {"small", R"({"dim": 256, "feed_forward_dim": 1024, "layers": 3, "num_heads": 4, "dropout": 0.1})"},
        {"base", R"({"dim": 512, "feed_forward_dim": 2048, "layers": 6, "num_heads": 8, "dropout": 0.1})"}},
       {{"pre-norm", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 2})"},
        {"post-norm, positions", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 3, "norm": "post",
                                     "decoder_positions": "sinusoidal"})"},
        {"multi-query, alibi encoder", R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 3, "num_kv_heads": 1,
                                           "encoder_positions": "alibi"})"}}});
}

}  // namespace attnzoo
