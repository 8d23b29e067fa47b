// A trained model as one TorchScript archive, which torch (Python) and LibTorch (C++) run without attnzoo: the traced methods of trace.h,
// the searches of search_text.h, and as extra files what its user needs:
//   attnzoo.json           {"format": 1, "task", "family", "type", "quantized", "special_ids", "vocabulary_sizes", "joint"}
//   config.json            the whole effective recipe
//   source.spm, target.spm                           SentencePiece models; the second if the target has another
//   source.vocabulary.json, target.vocabulary.json   the pieces by id, if there is no .spm or its pieces differ
//   README.txt             how to call it
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/types.h>

#include <cstdint>
#include <string>

#include "models/checkpoint.h"

namespace attnzoo {

struct TorchScriptOptions {
  torch::ScalarType type = torch::kFloat;  // of weights and arithmetic: kFloat or kBFloat16
  // Stores matrices as int8 with a scale per row; linear layers multiply in int8 (models/export/int8.h).
  bool int8 = false;
};

// The methods without extra files. The model must be in eval(); it is converted to `type`, loses its gradients and shares its weights.
torch::jit::Module script_model(Seq2SeqModel& model, int64_t source_vocabulary, const TorchScriptOptions& options);

// The archive's bytes. The model is changed as by script_model(); load it again for other uses.
std::string make_torchscript(LoadedModel& loaded, const TorchScriptOptions& options);

}  // namespace attnzoo
