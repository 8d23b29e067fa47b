// A trained model as one TorchScript archive, which stock torch (Python) and LibTorch (C++) run without attnzoo: the traced verbs of
// trace.h, the searches of search_text.h, and in extra files all that its user needs:
//   attnzoo.json           {"format": 1, "task", "family", "type", "quantized", "special_ids", "vocabulary_sizes", "joint"}
//   config.json            the whole effective recipe
//   source.spm, target.spm                           a SentencePiece model; the second where the target has another
//   source.vocabulary.json, target.vocabulary.json   the pieces by id, where they are not the .spm's or there is none
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
  // Matrices are kept as int8 with a scale a row; linear layers multiply in int8 with activations scaled by the call
  // (models/export/int8.h).
  bool int8 = false;
};

// The verbs and searches alone. The model, in eval(), is changed to `type`, loses its gradients and shares its weights with the result.
torch::jit::Module script_model(Seq2SeqModel& model, int64_t source_vocabulary, const TorchScriptOptions& options);

// The archive's bytes. The model is changed as by script_model(): load it again for anything else.
std::string make_torchscript(LoadedModel& loaded, const TorchScriptOptions& options);

}  // namespace attnzoo
