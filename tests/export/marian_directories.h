// MarianMT directories for tests, made by transformers (marian_models.py) or by attnzoo.
#pragma once

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/files.h"
#include "data/special_tokens.h"
#include "models/checkpoint.h"
#include "models/export/huggingface_export.h"
#include "models/export/huggingface_import.h"
#include "models/registry.h"
#include "tests/invented_language.h"
#include "tests/python.h"
#include "tests/temporary_directory.h"

namespace attnzoo::test {

inline const std::string kMarianShape =
    R"("family": "transformer", "dim": 32, "feed_forward_dim": 40, "layers": 2, "num_heads": 4, "norm": "post")";

// SentencePiece for the invented language: one for both sides, or one per side.
inline TokenizerPair marian_tokenizers(bool joint) {
  const auto text = invented_text(300, 1);
  TokenizerConfig config;
  config.vocabulary_size = 400;
  auto lines = text.source;
  if (joint) lines.insert(lines.end(), text.target.begin(), text.target.end());
  const auto source = train_tokenizer(config, lines);
  config.byte_fallback = false;
  config.kind = "sentencepiece-bpe";
  return {source, joint ? source : train_tokenizer(config, text.target)};
}

// A checkpoint in which every norm, bias and padding row differs from a fresh model.
inline CheckpointContents marian_checkpoint(const std::string& more_fields, const TokenizerPair& tokenizers) {
  CheckpointContents contents;
  contents.tokenizers = tokenizers;
  const auto model_section = nlohmann::json::parse("{" + kMarianShape + more_fields + "}");
  contents.config = {{"task", "translation"}, {"model", complete_model_config(model_section)}};
  torch::manual_seed(3);
  const auto model =
      build_model(model_section, {tokenizers.source->vocabulary_size(), tokenizers.target->vocabulary_size(), tokenizers.joint()});
  const at::NoGradGuard no_grad;
  for (auto& item : model->named_parameters()) item.value().add_(torch::randn_like(item.value()) * (item.value().dim() == 2 ? 0.3 : 0.1));
  contents.weights = model_weights(*model);
  contents.weights.at("output_bias")[kEosId] += 3.0;
  return contents;
}

inline std::shared_ptr<Seq2SeqModel> marian_model_of(const CheckpointContents& contents) {
  const auto& [source, target] = contents.tokenizers;
  const auto model =
      build_model(contents.config["model"], {source->vocabulary_size(), target->vocabulary_size(), contents.tokenizers.joint()});
  set_model_weights(*model, contents.weights, "the test");
  model->eval();
  return model;
}

}  // namespace attnzoo::test
