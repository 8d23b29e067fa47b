#include "models/checkpoint.h"

#include <ATen/ATen.h>

#include <cerrno>
#include <cstring>
#include <unordered_set>

#include "data/atomic_directory.h"
#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFormat = 1;
constexpr const char* kManifest = "manifest.json";

// Every parameter and buffer once, under its first name.
NamedTensors distinct_tensors(const torch::nn::Module& model) {
  NamedTensors tensors;
  std::unordered_set<const void*> seen;
  for (const auto& items : {model.named_parameters(), model.named_buffers()})
    for (const auto& item : items)
      if (item.value().defined() && seen.insert(item.value().unsafeGetTensorImpl()).second) tensors.emplace(item.key(), item.value());
  return tensors;
}

std::string shape_text(const torch::Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.sizes().vec(), ", ")); }

nlohmann::json load_json(const fs::path& file) {
  try {
    return parse_json(read_file(file), file.string());
  } catch (const Error& error) {
    throw CheckpointError(error.what());
  }
}

// The files of the manifest after checking format, sizes and checksums.
std::vector<std::string> verified_files(const fs::path& directory, bool with_extras) {
  const auto where = directory.string();
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) fail<CheckpointError>("{}: no such checkpoint", where);
  if (!fs::exists(directory / kManifest, ignored))
    fail<CheckpointError>("{}: not a checkpoint, or an incomplete one: it has no {}", where, kManifest);
  const auto manifest = load_json(directory / kManifest);
  const auto damaged = [&] { fail<CheckpointError>("{}/{}: damaged: it does not list the checkpoint's files", where, kManifest); };
  if (!manifest.is_object() || !manifest.contains("format") || !manifest["format"].is_number_integer()) damaged();
  const auto format = manifest["format"].get<int64_t>();
  if (format > kFormat)
    fail<CheckpointError>("{}: written in format {} by a newer program; this one reads up to format {}: update it", where, format, kFormat);
  if (format < 1 || !manifest.contains("files") || !manifest["files"].is_object()) damaged();

  std::vector<std::string> names;
  for (const auto& [name, entry] : manifest["files"].items()) {
    const bool well_formed = !name.empty() && name.find('/') == std::string::npos && entry.is_object() && entry.contains("bytes") &&
                             entry["bytes"].is_number_unsigned() && entry.contains("crc32") && entry["crc32"].is_string();
    if (!well_formed) damaged();
    const bool needed = name == "config.json" || name == "weights.safetensors" || name.ends_with(".tokenizer");
    if (!needed && !with_extras) continue;
    const fs::path file = directory / name;
    if (!fs::is_regular_file(file, ignored))
      fail<CheckpointError>("{}: missing from the checkpoint; copy it again or take another one", file.string());
    const auto num_bytes = fs::file_size(file), expected = entry["bytes"].get<uintmax_t>();
    if (num_bytes != expected)
      fail<CheckpointError>("{}: {} bytes long instead of {}; the file is truncated or damaged, take another checkpoint", file.string(),
                            num_bytes, expected);
    const auto crc = fmt::format("{:08x}", crc32_of_file(file));
    if (crc != entry["crc32"].get<std::string>())
      fail<CheckpointError>("{}: damaged: its checksum is {} instead of {}; take another checkpoint", file.string(), crc,
                            entry["crc32"].get<std::string>());
    names.push_back(name);
  }
  for (const char* required : {"config.json", "weights.safetensors", "source.tokenizer"})
    if (std::find(names.begin(), names.end(), required) == names.end())
      fail<CheckpointError>("{}: the manifest lists no {}", where, required);
  return names;
}

// A tokeniser of another size is the usual reason for weights that do not fit; say so rather than list shapes.
void check_vocabulary(const Seq2SeqModel& model, const NamedTensors& weights, const VocabularySizes& sizes, const std::string& where) {
  for (const auto& [name, tensor] : distinct_tensors(model)) {
    const auto found = weights.find(name);
    if (found == weights.end() || tensor.dim() != 2 || found->second.dim() != 2 || tensor.size(1) != found->second.size(1)) continue;
    const int64_t rows = tensor.size(0), stored = found->second.size(0);
    if (rows != stored && (rows == sizes.source || rows == sizes.target))
      fail<CheckpointError>("{}: the tokeniser has {} pieces and the weights were made for {} ({}); it is the tokeniser of another model",
                            where, rows, stored, name);
  }
}

}  // namespace

NamedTensors model_weights(const Seq2SeqModel& model) {
  NamedTensors weights;
  for (const auto& [name, tensor] : distinct_tensors(model)) weights.emplace(name, tensor.detach().cpu());
  return weights;
}

void set_model_weights(Seq2SeqModel& model, const NamedTensors& weights, const std::string& where) {
  auto own = distinct_tensors(model);
  std::vector<std::string> problems;
  for (const auto& [name, tensor] : own) {
    const auto found = weights.find(name);
    if (found == weights.end()) {
      problems.push_back(fmt::format("'{}' is missing", name));
    } else if (found->second.sizes() != tensor.sizes()) {
      problems.push_back(fmt::format("'{}' is {} and the model's is {}", name, shape_text(found->second), shape_text(tensor)));
    }
  }
  for (const auto& [name, tensor] : weights)
    if (!own.count(name)) problems.push_back(fmt::format("'{}' is unknown to the model", name));
  if (!problems.empty()) {
    const size_t num_problems = problems.size();
    if (num_problems > 8) problems.resize(8);
    fail<CheckpointError>("{}: the weights do not fit the model: {}{}", where, fmt::join(problems, ", "),
                          num_problems > 8 ? fmt::format(" and {} more", num_problems - 8) : "");
  }
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : own) tensor.copy_(weights.at(name));
}

void save_checkpoint(const fs::path& directory, const CheckpointContents& contents, bool may_replace) {
  try {
    AtomicDirectory made(directory, may_replace ? Replaceable{checkpoint_files, true} : Replaceable{});
    write_file(made.path() / "config.json", contents.config.dump(2) + "\n");
    contents.tokenizers.save(made.path());
    save_safetensors(made.path() / "weights.safetensors", contents.weights);
    for (const auto& [name, tensors] : contents.extra_tensors) save_safetensors(made.path() / (name + ".safetensors"), tensors);
    for (const auto& [name, value] : contents.extra_json) write_file(made.path() / (name + ".json"), value.dump(2) + "\n");
    const nlohmann::json manifest = {{"format", kFormat}, {"files", list_files(made.path())}};
    write_file(made.path() / kManifest, manifest.dump(2) + "\n");
    made.commit();
  } catch (const Error& error) {
    fail<CheckpointError>("{}: the checkpoint cannot be written: {}", directory.string(), error.what());
  }
}

CheckpointContents load_checkpoint(const fs::path& directory, bool with_extras) {
  CheckpointContents contents;
  const auto names = verified_files(directory, with_extras);
  contents.config = load_json(directory / "config.json");
  try {
    contents.tokenizers = TokenizerPair::load(directory);
  } catch (const Error& error) {
    throw CheckpointError(error.what());
  }
  contents.weights = load_safetensors(directory / "weights.safetensors");
  for (const std::string& name : names) {
    const fs::path file = directory / name;
    if (name == "config.json" || name == "weights.safetensors") continue;
    if (file.extension() == ".safetensors") contents.extra_tensors[file.stem().string()] = load_safetensors(file);
    if (file.extension() == ".json") contents.extra_json[file.stem().string()] = load_json(file);
  }
  return contents;
}

LoadedModel load_model(const fs::path& run, torch::Device device) {
  LoadedModel loaded;
  loaded.checkpoint = find_checkpoint(run);
  auto contents = load_checkpoint(loaded.checkpoint, false);
  const auto where = loaded.checkpoint.string();
  const VocabularySizes sizes{contents.tokenizers.source->vocabulary_size(), contents.tokenizers.target->vocabulary_size(),
                              contents.tokenizers.joint()};
  if (!contents.config.is_object() || !contents.config.contains("model"))
    fail<CheckpointError>("{}/config.json: has no section 'model'", where);
  loaded.model = build_model(contents.config["model"], sizes);
  check_vocabulary(*loaded.model, contents.weights, sizes, where);
  set_model_weights(*loaded.model, contents.weights, where);
  loaded.model->to(device);
  loaded.model->eval();
  loaded.config = std::move(contents.config);
  loaded.tokenizers = std::move(contents.tokenizers);
  return loaded;
}

}  // namespace attnzoo
