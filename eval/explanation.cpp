#include "eval/explanation.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "data/base64.h"
#include "data/extended_vocabulary.h"
#include "data/special_tokens.h"
#include "eval/alignment.h"
#include "eval/attention_view.h"
#include "eval/forced_pass.h"
#include "models/registry.h"

namespace attnzoo {
namespace {

using nlohmann::json;

double six_digits(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 5 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

json numbers(const std::vector<double>& values) {
  auto list = json::array();
  for (const double value : values) list.push_back(six_digits(value));
  return list;
}

// [queries, keys] as unsigned 16-bit integers, little-endian, row by row: 65535 is a weight of 1.
json view(const std::string& id, const char* rows, const char* columns, json layer, json head, const torch::Tensor& weights) {
  const auto contiguous = weights.contiguous();
  const auto* data = contiguous.const_data_ptr<float>();
  std::string bytes;
  for (int64_t i = 0; i < contiguous.numel(); ++i) {
    const auto value = static_cast<uint32_t>(std::lround(std::clamp(data[i], 0.0f, 1.0f) * 65535.0f));
    bytes += static_cast<char>(value & 255);
    bytes += static_cast<char>(value >> 8);
  }
  return {{"id", id},
          {"part", id.substr(0, id.find('.'))},
          {"layer", std::move(layer)},
          {"head", std::move(head)},
          {"rows", rows},
          {"columns", columns},
          {"weights", base64(bytes.data(), bytes.size())}};
}

void add_heads(json& views, const char* part, const char* rows, const char* columns, const std::vector<torch::Tensor>& layers) {
  for (size_t l = 0; l < layers.size(); ++l)
    for (int64_t h = 0; h < layers[l].size(0); ++h)
      views.push_back(view(fmt::format("{}.{}.{}", part, l + 1, h + 1), rows, columns, l + 1, h + 1, layers[l][h]));
}

size_t bytes_of(const ForcedPass& pass) {
  size_t total = 0;
  for (const auto* layers : {&pass.source_HTS, &pass.encoder_HSS, &pass.past_HTT})
    for (const auto& layer : *layers) total += static_cast<size_t>(layer.numel()) * 8 / 3;
  return total;
}

json entropy_bits(const torch::Tensor& weights_TS) {
  const auto entropy_T = -(weights_TS * weights_TS.clamp_min(1e-30).log2()).sum(1);
  std::vector<double> values;
  for (int64_t t = 0; t < entropy_T.size(0); ++t) values.push_back(entropy_T[t].item<double>());
  return numbers(values);
}

// Whether four tokens in a row occur twice, or one occurs three times in a row.
bool is_repeated(const std::vector<int32_t>& ids) {
  std::set<std::vector<int32_t>> seen;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i + 2 < ids.size() && ids[i] == ids[i + 1] && ids[i] == ids[i + 2]) return true;
    if (i + 4 <= ids.size() &&
        !seen.insert({ids.begin() + static_cast<std::ptrdiff_t>(i), ids.begin() + static_cast<std::ptrdiff_t>(i) + 4}).second)
      return true;
  }
  return false;
}

// One document: what passes from line to line.
class Explainer {
 public:
  Explainer(const InferenceModel& model, const LoadedModel& loaded, const TranslateOptions& options)
      : model_(model), tokenizers_(loaded.tokenizers), options_(options) {}

  json line(size_t number, const std::string& text, const Translation& translation) {
    words_.reset();
    if (model_->copies()) words_.emplace(*tokenizers_.source, text, options_.max_source_tokens);
    json object = {
        {"line", number}, {"source", nullptr}, {"source_truncated", translation.source_truncated}, {"hypotheses", json::array()}};
    const auto& source = translation.attended_ids;
    if (model_->reads_source()) {
      object["source"] = {{"text", text}};
      put_tokens(object["source"], *tokenizers_.source, source);
    }
    if (source.empty()) return object;  // a blank line, which the model never saw
    for (size_t i = 0; i < translation.hypotheses.size(); ++i) object["hypotheses"].push_back(hypothesis(translation, i));
    const auto& best = translation.hypotheses.front();
    if (best.trace) object["steps"] = steps(*best.trace);
    if (model_->says_label()) object["labels"] = labels();
    return object;
  }

 private:
  std::string decode(const Tokenizer& tokenizer, std::span<const int32_t> ids) const {
    return words_ ? words_->decode(ids) : tokenizer.decode(ids);
  }
  std::string piece(const Tokenizer& tokenizer, int32_t id) const { return words_ ? words_->piece(id) : tokenizer.piece(id); }
  // The tokens, and the word that each belongs to.
  void put_tokens(json& object, const Tokenizer& tokenizer, const std::vector<int32_t>& ids) const {
    object["tokens"] = json::array();
    for (const int32_t id : ids) object["tokens"].push_back(piece(tokenizer, id));
    object["words"] = word_of_tokens(ids, [&](std::span<const int32_t> some) { return decode(tokenizer, some); });
  }

  json hypothesis(const Translation& translation, size_t i) {
    const auto& found = translation.hypotheses[i];
    auto ids = found.ids;
    if (!found.truncated && !model_->says_label()) ids.push_back(kEosId);
    json object = {{"text", translation.n_best_text[i]},
                   {"score", six_digits(found.score)},
                   {"log_probability", six_digits(found.log_probability)},
                   {"truncated", found.truncated},
                   {"repeated", is_repeated(found.ids)},
                   {"views", json::array()},
                   {"copy", nullptr},
                   {"entropy", nullptr},
                   {"token_log_probabilities", json::array()},
                   {"heads_omitted", false}};
    put_tokens(object, *tokenizers_.target, ids);
    if (ids.empty()) return object;
    const auto pass = force(model_, translation.attended_ids, ids, options_.device);
    if (i == 0) first_log_probability_V_ = pass.first_log_probability_V;
    object["token_log_probabilities"] = numbers(pass.log_probabilities);
    if (model_->reads_source()) object["entropy"] = entropy_bits(pass.attention_TS);
    if (model_->copies()) object["copy"] = {{"generation_probability", numbers(pass.generate)}, {"copied_from", pass.copied_from}};
    auto& views = object["views"];
    head_bytes_ += i == 0 ? bytes_of(pass) : 0;
    if (i == 0 && head_bytes_ <= kMaxHeadBytes) {
      add_heads(views, "cross", "output", "source", pass.source_HTS);
      add_heads(views, "encoder", "source", "source", pass.encoder_HSS);
      add_heads(views, "decoder", "output", "output", pass.past_HTT);
    } else if (model_->reads_source()) {
      // Only the last layer's mean: the others would take more room than they are looked at.
      views.push_back(view("cross", "output", "source", nullptr, nullptr, pass.attention_TS));
      object["heads_omitted"] = true;
    }
    return object;
  }

  json steps(const SearchTrace& trace) const {
    static constexpr const char* kFates[] = {"live", "ended", "dropped"};
    auto list = json::array();
    for (const auto& step : trace.steps) {
      json object = {{"candidates", json::array()}, {"beam", json::array()}};
      for (size_t h = 0; h < step.live.size(); ++h) {
        json likeliest = {{"hypothesis", step.live[h]}, {"tokens", json::array()}};
        for (const auto& next : step.likeliest[h])
          likeliest["tokens"].push_back(
              {{"token", piece(*tokenizers_.target, next.id)}, {"log_probability", six_digits(next.log_probability)}});
        object["candidates"].push_back(std::move(likeliest));
      }
      for (int32_t n = step.first_node; n < step.first_node + step.num_nodes; ++n) {
        const auto& node = trace.nodes[static_cast<size_t>(n)];
        object["beam"].push_back({{"id", n},
                                  {"parent", node.parent},
                                  {"token", piece(*tokenizers_.target, node.id)},
                                  {"log_probability", six_digits(node.log_probability)},
                                  {"state", kFates[static_cast<size_t>(node.fate)]},
                                  {"best", node.best}});
      }
      list.push_back(std::move(object));
    }
    return list;
  }

  json labels() const {
    std::vector<std::pair<double, int32_t>> ranked;
    for (int32_t id = kEosId + 1; id < first_log_probability_V_.size(0); ++id)
      ranked.emplace_back(std::exp(first_log_probability_V_[id].item<double>()), id);
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    auto list = json::array();
    for (const auto& [probability, id] : ranked)
      list.push_back({{"label", tokenizers_.target->piece(id)}, {"probability", six_digits(probability)}});
    return list;
  }

  const InferenceModel& model_;
  const TokenizerPair& tokenizers_;
  const TranslateOptions& options_;
  std::optional<ExtendedSource> words_;  // of the present line
  torch::Tensor first_log_probability_V_;
  size_t head_bytes_ = 0;
};

}  // namespace

json explanation(LoadedModel& loaded, std::span<const std::string> lines, std::span<const Translation> translations,
                 const TranslateOptions& options, const std::string& run) {
  const auto& model = *loaded.model;
  const auto& search = options.search;
  json document = {{"kind", "explanation"},
                   {"task", model.says_label()     ? "classification"
                            : model.reads_source() ? "translation"
                                                   : "language_model"},
                   {"model",
                    {{"family", loaded.config["model"].value("family", "")},
                     {"run", run},
                     {"step", checkpoint_step(loaded.checkpoint)},
                     {"parameters", num_parameters(model)},
                     {"copies", model.copies()}}},
                   {"options", {{"sample", search.sample}, {"n_best", search.n_best}, {"max_length", search.max_length}}},
                   {"default_view", AttentionView{model.reads_source() ? AttentionPart::kCross : AttentionPart::kDecoder}.text()},
                   {"lines", json::array()}};
  if (!search.sample && !model.says_label()) {
    document["options"]["beam"] = search.beam;
    document["options"]["length_penalty"] = search.length_penalty;
  }
  const InferenceModel frozen(*loaded.model);
  Explainer explainer(frozen, loaded, options);
  for (size_t i = 0; i < lines.size(); ++i) document["lines"].push_back(explainer.line(i + 1, lines[i], translations[i]));
  return document;
}

}  // namespace attnzoo
