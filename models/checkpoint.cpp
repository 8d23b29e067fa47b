#include "models/checkpoint.h"

#include <ATen/ATen.h>

#include <unordered_set>

#include "data/atomic_directory.h"
#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/task.h"
#include "models/checkpoint_files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// Every parameter and buffer once, under its first name.
NamedTensors distinct_tensors(const torch::nn::Module& model) {
  NamedTensors tensors;
  std::unordered_set<const void*> seen;
  for (const auto& items : {model.named_parameters(), model.named_buffers()})
    for (const auto& item : items)
      if (item.value().defined() && seen.insert(item.value().unsafeGetTensorImpl()).second) tensors.emplace(item.key(), item.value());
  return tensors;
}

// "F32 [3, 4]"
std::string described(const torch::Tensor& tensor) {
  return fmt::format("{} [{}]", safetensors_name(tensor.scalar_type()), fmt::join(tensor.sizes().vec(), ", "));
}

// Every tensor of the model that the weights lack or have in another shape or type, and every one too many.
std::vector<std::string> weight_problems(const NamedTensors& own, const NamedTensors& weights) {
  std::vector<std::string> problems;
  for (const auto& [name, tensor] : own) {
    const auto found = weights.find(name);
    if (found == weights.end()) {
      problems.push_back(fmt::format("'{}' is missing", name));
    } else if (found->second.sizes() != tensor.sizes() || found->second.scalar_type() != tensor.scalar_type()) {
      problems.push_back(fmt::format("'{}' is {} and the model's is {}", name, described(found->second), described(tensor)));
    }
  }
  for (const auto& [name, tensor] : weights)
    if (!own.count(name)) problems.push_back(fmt::format("'{}' is unknown to the model", name.substr(0, 100)));
  return problems;
}

void require_fit(const NamedTensors& own, const NamedTensors& weights, const std::string& where) {
  auto problems = weight_problems(own, weights);
  if (problems.empty()) return;
  const size_t num_problems = problems.size();
  if (num_problems > 8) problems.resize(8);
  fail<CheckpointError>("{}: the weights do not fit the model: {}{}", where, fmt::join(problems, ", "),
                        num_problems > 8 ? fmt::format(" and {} more", num_problems - 8) : "");
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

VocabularySizes vocabulary_sizes(const TokenizerPair& tokenizers) {
  return {tokenizers.source->vocabulary_size(), tokenizers.target->vocabulary_size(), tokenizers.joint()};
}

}  // namespace

NamedTensors model_weights(const Seq2SeqModel& model) {
  NamedTensors weights;
  for (const auto& [name, tensor] : distinct_tensors(model)) weights.emplace(name, tensor.detach().cpu());
  return weights;
}

void set_model_weights(Seq2SeqModel& model, const NamedTensors& weights, const std::string& where) {
  auto own = distinct_tensors(model);
  require_fit(own, weights, where);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : own) tensor.copy_(weights.at(name));
}

void take_model_weights(Seq2SeqModel& model, NamedTensors weights, const std::string& where) {
  auto own = distinct_tensors(model);
  require_fit(own, weights, where);
  for (auto& [name, tensor] : own) tensor.set_data(weights.at(name));
}

void check_model_weights(const nlohmann::json& model, const VocabularySizes& sizes, const NamedTensors& weights, const std::string& where) {
  const auto shapes = model_shapes(model, sizes);
  check_vocabulary(*shapes, weights, sizes, where);
  require_fit(distinct_tensors(*shapes), weights, where);
}

void save_checkpoint(const fs::path& directory, const CheckpointContents& contents, bool may_replace) {
  try {
    AtomicDirectory made(directory, may_replace ? Replaceable{checkpoint_files, true} : Replaceable{});
    write_file(made.path() / "config.json", contents.config.dump(2) + "\n");
    contents.tokenizers.save(made.path());
    save_safetensors(made.path() / "weights.safetensors", contents.weights);
    for (const auto& [name, tensors] : contents.extra_tensors) save_safetensors(made.path() / (name + ".safetensors"), tensors);
    for (const auto& [name, value] : contents.extra_json) write_file(made.path() / (name + ".json"), value.dump(2) + "\n");
    const nlohmann::json manifest = {{"format", kCheckpointFormat}, {"files", list_files(made.path())}};
    write_file(made.path() / kManifestFile, manifest.dump(2) + "\n");
    made.commit();
  } catch (const Error& error) {
    fail<CheckpointError>("{}: the checkpoint cannot be written: {}", directory.string(), error.what());
  }
}

CheckpointContents load_checkpoint(const fs::path& directory, bool with_extras) {
  CheckpointContents contents;
  const auto names = verified_checkpoint_files(directory, with_extras);
  contents.config = load_checkpoint_json(directory / kConfigFile);
  contents.tokenizers = load_checkpoint_tokenizers(directory, names);
  contents.weights = load_safetensors(directory / kWeightsFile);
  for (const std::string& name : names) {
    const fs::path file = directory / name;
    if (name == kConfigFile || name == kWeightsFile) continue;
    if (file.extension() == ".safetensors") contents.extra_tensors[file.stem().string()] = load_safetensors(file);
    if (file.extension() == ".json") contents.extra_json[file.stem().string()] = load_checkpoint_json(file);
  }
  return contents;
}

void check_contents(const CheckpointContents& contents, const std::string& where) {
  if (!contents.config.is_object() || !contents.config.contains("model"))
    fail<CheckpointError>("{}/{}: has no section 'model'", where, kConfigFile);
  if (const auto task = contents.config.value("task", nlohmann::json(kTaskNames.front()));
      !task.is_string() || std::find(kTaskNames.begin(), kTaskNames.end(), task.get<std::string>()) == kTaskNames.end())
    fail<CheckpointError>("{}/{}: task: must be one of {}", where, kConfigFile, fmt::join(kTaskNames, ", "));
  try {
    check_model_weights(contents.config["model"], vocabulary_sizes(contents.tokenizers), contents.weights, where);
  } catch (const ConfigError& error) {
    fail<CheckpointError>("{}/{}: {}", where, kConfigFile, error.what());
  }
}

LoadedModel load_model(const fs::path& run, torch::Device device, std::optional<Compute> compute) {
  LoadedModel loaded;
  loaded.checkpoint = find_checkpoint(run);
  auto contents = load_checkpoint(loaded.checkpoint, false);
  const auto where = loaded.checkpoint.string();
  check_contents(contents, where);
  loaded.model = build_model(contents.config["model"], vocabulary_sizes(contents.tokenizers), InitialValues::kUndrawn);
  take_model_weights(*loaded.model, std::move(contents.weights), where);
  loaded.model->to(device);
  loaded.model->eval();
  if (compute) loaded.frozen = std::make_unique<const InferenceModel>(*loaded.model, *compute);
  loaded.config = std::move(contents.config);
  loaded.tokenizers = std::move(contents.tokenizers);
  return loaded;
}

}  // namespace attnzoo
