// A run folder of an untrained model, for programs whose ways of asking matter and not what the model says.
#pragma once

#include <torch/utils.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/tokenizer.h"
#include "models/checkpoint.h"
#include "models/registry.h"
#include "tests/program.h"
#include "tests/temporary_directory.h"

namespace attnzoo::test {

inline bool have_programs() { return programs_are_built({"attnzoo-translate", "attnzoo-eval"}); }

inline Outcome run(const TemporaryDirectory& folder, const std::string& command_line) { return run_shell(folder.path(), command_line); }

// The run folder DIR/run with one checkpoint of a tiny model, and the text DIR/text of lines of many lengths, some of them empty.
inline void make_run(const TemporaryDirectory& folder) {
  const std::vector<std::string> words = {"a", "b", "c", "d", "e", "f", "g", "h"};
  CheckpointContents contents;
  TokenizerConfig tokenizer;
  tokenizer.kind = "words";
  contents.tokenizers.source = contents.tokenizers.target = train_tokenizer(tokenizer, words);
  const int64_t size = contents.tokenizers.source->vocabulary_size();
  contents.config["model"] =
      complete_model_config({{"family", "transformer"}, {"preset", "tiny"}, {"encoder_layers", 1}, {"decoder_layers", 1}});
  torch::manual_seed(3);
  contents.weights = model_weights(*build_model(contents.config["model"], {size, size, true}));
  const auto checkpoint = folder / "run/checkpoints/step-000010";
  std::filesystem::create_directories(checkpoint.parent_path());
  save_checkpoint(checkpoint, contents);
  point_to_checkpoint(folder / "run", "last", checkpoint);

  std::string text;
  for (size_t i = 0; i < 60; ++i) {
    for (size_t k = 0; k < i * 5 % 13; ++k) text += (k > 0 ? " " : "") + words[(i + k * k) % words.size()];
    text += "\n";
  }
  folder.file("text", text);
}

}  // namespace attnzoo::test
