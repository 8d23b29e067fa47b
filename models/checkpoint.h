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
#include <optional>
#include <string>
#include <vector>

#include "data/tokenizer.h"
#include "models/inference_model.h"
#include "models/registry.h"
#include "models/safetensors.h"

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
// The same without a copy: the model holds these tensors from now on.
void take_model_weights(Seq2SeqModel& model, NamedTensors weights, const std::string& where);
// Throws the same where the model of a section `model` would not take these weights, and says when it is the tokenisers that are another
// model's. Allocates nothing, whatever sizes the section asks for: call it before build_model() for a config that came with weights.
void check_model_weights(const nlohmann::json& model, const VocabularySizes& sizes, const NamedTensors& weights, const std::string& where);

// Replaces an older checkpoint under this name, and keeps what others put beside its files; with `may_replace` false it refuses any but an
// empty folder. Throws CheckpointError (disk full, no permission): then the older one is untouched.
void save_checkpoint(const std::filesystem::path& directory, const CheckpointContents& contents, bool may_replace = true);
// Reads the files that the manifest lists, after comparing sizes and checksums, and no others. Links inside the checkpoint, what is not a
// regular file and files of absurd size are refused, so one from a stranger can be loaded. Throws CheckpointError: missing, truncated,
// damaged (which file), written by a newer program. `with_extras` false omits what only resuming needs (extra_tensors, extra_json).
CheckpointContents load_checkpoint(const std::filesystem::path& directory, bool with_extras = true);
// Throws CheckpointError unless the weights are those of the model that the config describes, with these tokenisers. Call it before using
// what load_checkpoint() read: a stranger may have made it. load_model() does.
void check_contents(const CheckpointContents& contents, const std::string& where);

// `run` is a checkpoint directory itself or a run folder: then its best checkpoint, else its last, else the newest whole one. `note`
// receives a line for the user where best or last is not what it should be (a link to nothing or out of the run) or both are missing.
// Throws CheckpointError where there is none.
std::filesystem::path find_checkpoint(const std::filesystem::path& run, std::string* note = nullptr);
// The same for a run folder alone and a choice of names, the preferred first ("last"). "" where there is none.
std::filesystem::path find_checkpoint_of_run(const std::filesystem::path& run, const std::vector<std::string>& names,
                                             std::string* note = nullptr);
// CheckpointError: the run has no checkpoint, or what is wrong with the newest one.
[[noreturn]] void fail_without_checkpoint(const std::filesystem::path& run);
// Atomically points checkpoints/NAME at a checkpoint directory of the same run. A folder that stands there, in a run that was copied
// without its links, becomes the checkpoint of its step.
void point_to_checkpoint(const std::filesystem::path& run, const std::string& name, const std::filesystem::path& checkpoint);
// Makes links of the folders that stand in their place in such a run.
void restore_checkpoint_links(const std::filesystem::path& run);

// "step-000400", and 400 again; -1 for other names.
std::string checkpoint_name(int64_t step);
int64_t checkpoint_step(const std::filesystem::path& directory);
// The names of a checkpoint's own files, by its manifest; the manifest last. Nothing for a folder without one.
std::vector<std::string> checkpoint_files(const std::filesystem::path& directory);
// Removes a checkpoint's own files, and the folder unless it holds others; then false. What has no manifest is left alone.
bool remove_checkpoint(const std::filesystem::path& directory);

// A model in eval(), on the device, with its tokenisers.
struct LoadedModel {
  nlohmann::json config;
  TokenizerPair tokenizers;
  std::shared_ptr<Seq2SeqModel> model;
  std::filesystem::path checkpoint;
  std::unique_ptr<const InferenceModel> frozen;  // keeps `model` frozen; null unless asked for
};
// compute: freezes the model for decoding (models/inference_model.h). Throws CheckpointError, and ConfigError for int8 off the CPU.
LoadedModel load_model(const std::filesystem::path& run, torch::Device device, std::optional<Compute> compute = {});

}  // namespace attnzoo
