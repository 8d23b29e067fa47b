// Event files that TensorBoard reads: scalars and text, as TFRecords of Event protocol buffers. Written by hand, since the format is small
// and TensorFlow is not.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "data/files.h"

namespace attnzoo {

class TensorBoardWriter {
 public:
  // A new file FOLDER/events.out.tfevents.*, in a folder that is made. Of earlier files of the run, TensorBoard forgets what comes after
  // `step`, and for 0 all: each step is shown once. Throws DataError.
  TensorBoardWriter(const std::filesystem::path& folder, int64_t step);

  // An entry of log.jsonl: its numbers as scalars ("train/loss", "validation/bleu"), its samples as text. Written to the file at once.
  // Throws DataError (disk full).
  void write(const nlohmann::json& entry);
  // Attention weights as a picture, dark where they are large: a row per token of the output, a column per token of the source.
  void write_attention(int64_t step, const torch::Tensor& attention_TS);

 private:
  void write_event(std::string_view event);

  std::filesystem::path file_;
  Stream stream_;
};

}  // namespace attnzoo
