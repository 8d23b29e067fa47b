// A checkpoint is a directory:
//   manifest.json         {"format": 1, "files": {name: {"bytes": n, "crc32": "hex"}}}: written last, checked first
//   config.json           the whole effective recipe (task, data, model, train)
//   weights.safetensors   parameters and buffers by name
//   source.tokenizer, target.tokenizer (absent where one is both)
// and, for resuming, what the trainer adds: optimizer.safetensors (moments by parameter name), train_state.json, generator.safetensors.
// It is written beside its final name, synced and renamed, so a checkpoint that exists is whole.
// A run folder holds config.json, log.jsonl, checkpoints/step-000400/ ... and checkpoints/best, checkpoints/last (symbolic links).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "data/tokenizer.h"
#include "models/registry.h"
#include "models/safetensors.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

struct CheckpointContents {
  nlohmann::json config;
  TokenizerPair tokenizers;
  NamedTensors weights;
  std::map<std::string, NamedTensors> extra_tensors;  // "optimizer" -> optimizer.safetensors
  std::map<std::string, nlohmann::json> extra_json;   // "train_state" -> train_state.json
};

// Parameters and buffers by dotted name, detached and on the CPU; tied parameters appear once, under their first name.
NamedTensors model_weights(const Seq2SeqModel& model);
// Copies weights in; throws CheckpointError that lists names missing, unknown, or of another shape or type (both of them).
void set_model_weights(Seq2SeqModel& model, const NamedTensors& weights, const std::string& where);
// Throws the same where the model of a section `model` would not take these weights, and says when it is the tokenisers that are another
// model's. Allocates nothing, whatever sizes the section asks for: call it before build_model() for a config that came with weights.
void check_model_weights(const nlohmann::json& model, const VocabularySizes& sizes, const NamedTensors& weights, const std::string& where);

void save_checkpoint(const std::filesystem::path& directory, const CheckpointContents& contents);
// Reads the files that the manifest lists, after comparing sizes and checksums, and no others. Links inside the checkpoint, what is not a
// regular file and files of absurd size are refused, so one from a stranger can be loaded. Throws CheckpointError: missing, truncated,
// damaged (which file), written by a newer program. `with_extras` false omits what only resuming needs (extra_tensors, extra_json).
CheckpointContents load_checkpoint(const std::filesystem::path& directory, bool with_extras = true);
// Throws CheckpointError unless the weights are those of the model that the config describes, with these tokenisers. Call it before using
// what load_checkpoint() read: a stranger may have made it. load_model() does.
void check_contents(const CheckpointContents& contents, const std::string& where);

// `run` is a run folder (its best checkpoint, or last where there is no best) or a checkpoint directory itself.
std::filesystem::path find_checkpoint(const std::filesystem::path& run);
// Atomically points checkpoints/NAME at a checkpoint directory of the same run.
void point_to_checkpoint(const std::filesystem::path& run, const std::string& name, const std::filesystem::path& checkpoint);

// A model ready for inference: eval(), on the device, with its tokenisers.
struct LoadedModel {
  nlohmann::json config;
  TokenizerPair tokenizers;
  std::shared_ptr<Seq2SeqModel> model;
  std::filesystem::path checkpoint;
};
LoadedModel load_model(const std::filesystem::path& run, torch::Device device);

}  // namespace attnzoo
