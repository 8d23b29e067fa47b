#include "models/export/torchscript.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "data/sentencepiece_tokenizer.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/special_tokens.h"
#include "models/export/int8.h"
#include "models/export/search_text.h"
#include "models/export/trace.h"

namespace attnzoo {
namespace {

constexpr const char* kReadme = R"(A model of attnzoo as TorchScript.

  import torch
  files = {"attnzoo.json": "", "source.spm": ""}
  model = torch.jit.load("FILE.pt", _extra_files=files)     # map_location="cuda" for a GPU
  with torch.inference_mode():
      ids, length, log_probability, score, attention = model.beam(source, beam=5, n_best=1, length_penalty=1.0)

source: int64 [sentences, positions], the ids of each sentence and </s>, padded with <pad>. ids[b, n, :length[b, n]] is the n-th best
hypothesis of sentence b, without <s> and </s>. The special ids stand in attnzoo.json; source.spm and target.spm (one when both sides share it)
are SentencePiece models. Where there is a source.vocabulary.json it lists the pieces by id: words, characters or labels, or, beside an .spm
file, the pieces of that file (models of Marian's kind), whose ids are then not those of the .spm file itself.

A model that copies (model.copy in config.json) takes and gives ids of V and above, V being the vocabulary size in attnzoo.json: id V + s is
the piece that stands at position s of its source, counted from 0, and that the vocabulary lacks. Give such a piece the id of the first
position at which it stands; an id of V or above in the output is written as the source's piece V positions below it.

  forward(source, target) -> logits [B, T, V]; target begins with <s>
  greedy(source, max_length=256, max_length_ratio=3., min_length=0, prefix=None, want_attention=False)
      -> ids [B, T], length [B], log_probability [B], attention [B, T + 1, S]
  beam(source, beam=5, n_best=1, length_penalty=1., max_length=256, max_length_ratio=3., min_length=0, patience=1., prefix=None,
       want_attention=False)
      -> ids [B, N, T], length [B, N], log_probability [B, N], score [B, N], attention [B, N, T + 1, S]
  predict(source, n_best=1) -> labels [B, N], probability [B, N], attention [B, S]     (of a classifier)
  encode, start, step: the parts, for searches of your own

A language model has no source: give it one </s> a row, and its text as prefix.
)";

void add_tokenizer(torch::jit::ExtraFilesMap& files, const std::string& side, const Tokenizer& tokenizer) {
  const auto model = sentencepiece_model_of(tokenizer);
  if (!model.empty()) files[side + ".spm"] = model;
  if (tokenizer.kind() == kSentencePieceKind) return;  // its ids are the model's
  auto pieces = nlohmann::json::array();
  for (int64_t id = 0; id < tokenizer.vocabulary_size(); ++id) pieces.push_back(tokenizer.piece(static_cast<int32_t>(id)));
  files[side + ".vocabulary.json"] = pieces.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

torch::jit::ExtraFilesMap extra_files(const LoadedModel& loaded, const TorchScriptOptions& options) {
  const auto& tokenizers = loaded.tokenizers;
  const nlohmann::json about = {
      {"format", 1},
      {"task", loaded.config.value("task", "translation")},
      {"family", loaded.config["model"].value("family", "")},
      {"type", options.type == torch::kFloat ? "float32" : "bfloat16"},
      {"quantized", options.int8 ? nlohmann::json("int8") : nlohmann::json()},
      {"special_ids", {{"<pad>", kPadId}, {"<unk>", kUnkId}, {"<s>", kBosId}, {"</s>", kEosId}}},
      {"vocabulary_sizes", {{"source", tokenizers.source->vocabulary_size()}, {"target", tokenizers.target->vocabulary_size()}}},
      {"joint", tokenizers.joint()}};
  torch::jit::ExtraFilesMap files = {{"attnzoo.json", about.dump(2)}, {"config.json", loaded.config.dump(2)}, {"README.txt", kReadme}};
  add_tokenizer(files, "source", *tokenizers.source);
  if (tokenizers.source != tokenizers.target) add_tokenizer(files, "target", *tokenizers.target);
  return files;
}

}  // namespace

torch::jit::Module script_model(Seq2SeqModel& model, int64_t source_vocabulary, const TorchScriptOptions& options) {
  model.to(options.type);
  for (auto& parameter : model.parameters()) parameter.requires_grad_(false);
  auto traced = trace_model(model, source_vocabulary);
  std::vector<std::string> verbs = {"encode", "start", "step"};
  if (traced.has_decode) verbs.push_back("decode");
  if (options.int8) quantize_int8(traced.module, verbs);
  traced.module.define(search_text(
      {traced.memory.tensors().size(), traced.state.tensors().size(), model.reads_source(), model.says_label(), traced.has_decode}));
  return traced.module;
}

std::string make_torchscript(LoadedModel& loaded, const TorchScriptOptions& options) {
  const auto module = script_model(*loaded.model, loaded.tokenizers.source->vocabulary_size(), options);
  std::ostringstream archive;
  module.save(archive, extra_files(loaded, options));
  return std::move(archive).str();
}

}  // namespace attnzoo
