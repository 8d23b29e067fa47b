#include "models/export/huggingface_import.h"

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "data/sentencepiece_vocabulary.h"
#include "models/export/marian_config.h"
#include "models/export/marian_layout.h"
#include "models/export/marian_vocabulary.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// The output bias of <pad>, which their models may produce and ours never do: low enough to leave it no probability, yet finite, because
// label smoothing gives every token a share and the loss must stay finite.
constexpr double kPaddingBias = -50;

// The tensors of model.safetensors as float, each taken once; all faults are reported together.
class MarianWeights {
 public:
  explicit MarianWeights(const fs::path& directory) : where_((directory / "model.safetensors").string()) {
    std::error_code ignored;
    if (!fs::exists(where_, ignored)) fail_missing(directory);
    tensors_ = load_safetensors(where_);
  }

  size_t size() const { return tensors_.size(); }
  bool has(const std::string& name) const { return tensors_.count(name) > 0; }

  // Undefined if there is a problem.
  torch::Tensor take(const std::string& name, const std::vector<int64_t>& shape) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      problem(fmt::format("'{}' is missing", name));
      return {};
    }
    taken_.insert(name);
    const auto& tensor = found->second;
    if (tensor.sizes() != shape || !tensor.is_floating_point()) {
      problem(fmt::format("'{}' is {} [{}], expected float [{}]", name, safetensors_name(tensor.scalar_type()),
                          fmt::join(tensor.sizes().vec(), ", "), fmt::join(shape, ", ")));
      return {};
    }
    return tensor.to(torch::kFloat);
  }

  // One table, under whichever of the names are present; they must agree.
  torch::Tensor take_tied(const std::vector<std::string>& names, const std::vector<int64_t>& shape) {
    std::string first;
    torch::Tensor table;
    for (const auto& name : names) {
      if (!has(name)) continue;
      const auto another = take(name, shape);
      if (first.empty() || !table.defined()) {
        first = name;
        table = another;
      } else if (another.defined() && !at::equal(table, another)) {
        problem(fmt::format("'{}' differs from '{}', but config.json makes them one table", name, first));
      }
    }
    return first.empty() ? take(names[0], shape) : table;
  }

  // Some files store the table of positions, although a formula gives it.
  void check_positions(const char* name, int64_t dim) {
    if (!has(name)) return;
    const int64_t length = tensors_.at(name).dim() == 2 ? tensors_.at(name).size(0) : 0;
    const auto table = take(name, {length, dim});
    if (!table.defined() || length == 0) return;
    const auto angle = at::arange(length, torch::kDouble).unsqueeze(1) *
                       at::exp(at::arange(0, dim, 2, torch::kDouble) * (-std::log(10000.0) / static_cast<double>(dim)));
    const auto expected = at::cat({angle.sin(), angle.cos()}, 1);
    if (!((table - expected).abs().max().item<double>() < 1e-2))
      problem(fmt::format("'{}' does not hold the sinusoids of Vaswani et al. 2017", name));
  }

  void problem(const std::string& what) { problems_.push_back(what); }
  // Throws if something was wrong or was not taken.
  void finish() {
    for (const auto& [name, tensor] : tensors_)
      if (taken_.count(name) == 0) problem(fmt::format("'{}' is unknown", name));
    if (problems_.empty()) return;
    const size_t num_problems = problems_.size();
    if (num_problems > 8) problems_.resize(8);
    fail<CheckpointError>("{}: does not match config.json: {}{}", where_, fmt::join(problems_, ", "),
                          num_problems > 8 ? fmt::format(" and {} more", num_problems - 8) : "");
  }

 private:
  [[noreturn]] void fail_missing(const fs::path& directory) const {
    std::error_code ignored;
    const auto rewrite = fmt::format(
        "python -c \"from transformers import MarianMTModel as M; M.from_pretrained('{0}').save_pretrained('{0}', max_shard_size='9GB')\"",
        directory.string());
    if (fs::exists(directory / "pytorch_model.bin", ignored))
      fail<DataError>(
          "{}: no such file; pytorch_model.bin is a pickle, which can run any program when it is read, so it is not. If you trust it, "
          "convert it: {}",
          where_, rewrite);
    if (fs::exists(directory / "model.safetensors.index.json", ignored))
      fail<DataError>("{}: no such file; the weights are in several files, merge them: {}", where_, rewrite);
    fail<DataError>("{}: no such file; a MarianMT directory keeps its weights there", where_);
  }

  std::string where_;
  NamedTensors tensors_;
  std::set<std::string> taken_;
  std::vector<std::string> problems_;
};

// The given rows of table_VD; -1 stands for a row filled with `of_none`.
torch::Tensor rows_of(const torch::Tensor& table_VD, const std::vector<int64_t>& rows, double of_none) {
  const auto index = at::tensor(rows, torch::kLong);
  return table_VD.index_select(0, index.clamp_min(0)).masked_fill_(index.lt(0).unsqueeze(1), of_none);
}

struct MarianSides {
  TokenizerPair tokenizers;
  std::vector<int64_t> source_rows, target_rows;
};

MarianSides read_sides(const fs::path& directory, const MarianConfig& config) {
  const MarianSpecialIds ids{config.eos_token_id, config.decoder_start_token_id, config.pad_token_id};
  const auto source_file = directory / "vocab.json";
  const auto target_file = directory / "target_vocab.json";
  const auto tokenizer = [&](const char* name, const MarianVocabulary& vocabulary) {
    return make_sentencepiece_vocabulary(read_file(directory / name), vocabulary.pieces, (directory / name).string());
  };
  std::error_code ignored;
  const auto source_pieces = read_marian_pieces(source_file, config.vocab_size);
  MarianVocabulary source, target;
  if (!config.share_encoder_decoder_embeddings && fs::exists(target_file, ignored)) {
    source = arrange_marian_vocabulary(source_pieces, {}, source_file);
    target = arrange_marian_vocabulary(read_marian_pieces(target_file, config.decoder_vocab_size), ids, target_file);
  } else {
    if (config.decoder_vocab_size != config.vocab_size)
      fail<DataError>("{}: no such file; config.json gives the target its own vocabulary, {} pieces, not the source's {}",
                      target_file.string(), config.decoder_vocab_size, config.vocab_size);
    source = target = arrange_marian_vocabulary(source_pieces, ids, source_file);
  }
  return {{tokenizer("source.spm", source), tokenizer("target.spm", target)}, source.rows, target.rows};
}

// The source, target and output tables and the output bias, under the names of models/embeddings.h.
void take_tables(MarianWeights& weights, const MarianConfig& config, const MarianSides& sides, const std::string& tied,
                 NamedTensors& result) {
  const int64_t dim = config.d_model;
  torch::Tensor source, target, output;
  if (config.share_encoder_decoder_embeddings) {
    source = target = output = weights.take_tied(
        {marian_names::kShared, marian_names::kSource, marian_names::kTarget, marian_names::kOutput}, {config.vocab_size, dim});
  } else {
    source = weights.take(marian_names::kSource, {config.vocab_size, dim});
    if (config.tie_word_embeddings) {
      target = output = weights.take_tied({marian_names::kTarget, marian_names::kOutput}, {config.decoder_vocab_size, dim});
    } else {
      target = weights.take(marian_names::kTarget, {config.decoder_vocab_size, dim});
      output = weights.take(marian_names::kOutput, {config.decoder_vocab_size, dim});
    }
  }
  auto bias = weights.has(marian_names::kOutputBias) ? weights.take(marian_names::kOutputBias, {1, config.decoder_vocab_size})
                                                     : at::zeros({1, config.decoder_vocab_size});
  if (!bias.defined()) bias = at::zeros({1, config.decoder_vocab_size});
  // Embeddings are multiplied by sqrt(D) here.
  const double scale = config.scale_embedding ? 1.0 : 1.0 / std::sqrt(static_cast<double>(dim));
  const auto arranged = [&](const torch::Tensor& table, const std::vector<int64_t>& rows, double factor) {
    return table.defined() ? from_marian_order(rows_of(table, rows, 0) * factor, 1) : table;
  };
  result["source_embedding.weight"] = arranged(source, sides.source_rows, scale);
  if (tied != "all") result["target_embedding.weight"] = arranged(target, sides.target_rows, scale);
  if (tied == "none") result["output_weight"] = arranged(output, sides.target_rows, 1);
  result["output_bias"] = rows_of(bias.t(), sides.target_rows, kPaddingBias).squeeze(1);
}

torch::Tensor take_layer_tensor(MarianWeights& weights, const MarianTensor& tensor) {
  std::vector<torch::Tensor> parts;
  for (const auto& name : tensor.theirs) {
    std::vector<int64_t> shape = {tensor.num_rows / static_cast<int64_t>(tensor.theirs.size())};
    if (tensor.num_columns > 0) shape.push_back(tensor.num_columns);
    parts.push_back(weights.take(name, shape));
  }
  if (std::any_of(parts.begin(), parts.end(), [](const auto& part) { return !part.defined(); })) return {};
  auto whole = at::cat(parts);
  if (tensor.rows_in_stream) whole = from_marian_order(whole, 0);
  if (tensor.columns_in_stream) whole = from_marian_order(whole, 1);
  return whole;
}

}  // namespace

CheckpointContents import_huggingface(const fs::path& directory) {
  std::error_code ignored;
  if (!fs::is_directory(directory, ignored))
    fail<DataError>(
        "{}: no such directory; a MarianMT directory holds config.json, model.safetensors, source.spm, target.spm and vocab.json",
        directory.string());
  const auto config = MarianConfig::from_json(read_json(directory / "config.json"), directory.string());
  CheckpointContents contents;
  contents.config = {{"task", "translation"}, {"model", config.model_section(directory.string())}};
  MarianWeights weights(directory);
  if (config.encoder_layers + config.decoder_layers > static_cast<int64_t>(weights.size()))
    fail<CheckpointError>("{}: has {} tensors, too few for the {} encoder and {} decoder layers of config.json",
                          (directory / "model.safetensors").string(), weights.size(), config.encoder_layers, config.decoder_layers);
  const auto sides = read_sides(directory, config);
  contents.tokenizers = sides.tokenizers;
  take_tables(weights, config, sides, contents.config["model"]["tied_embeddings"], contents.weights);
  for (const auto& tensor : marian_layers(config.encoder(), config.decoder(), config.d_model))
    contents.weights[tensor.ours] = take_layer_tensor(weights, tensor);
  for (const char* name : marian_names::kPositions) weights.check_positions(name, config.d_model);
  weights.finish();
  return contents;
}

}  // namespace attnzoo
