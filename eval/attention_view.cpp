#include "eval/attention_view.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "data/error.h"

namespace attnzoo {
namespace {

constexpr const char* kPartNames[] = {"cross", "encoder", "decoder"};

std::vector<std::string> split_at_dots(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find('.', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == text.npos) return parts;
    begin = end + 1;
  }
}

std::optional<int64_t> number_from_one(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) return {};
  return value;
}

std::string shown(int64_t number) {
  return number == AttentionView::kMean ? "mean" : number == AttentionView::kLast ? "last" : fmt::format("{}", number);
}

}  // namespace

AttentionView AttentionView::parse(const std::string& text) {
  const auto words = split_at_dots(text);
  const auto refuse = [&]() {
    fail<ConfigError>("'{}' is not an attention: write cross.LAYER.HEAD with numbers from 1 or 'mean': cross.2.3, cross.last.mean", text);
  };
  AttentionView view;
  size_t part = 0;
  while (part < 3 && words[0] != kPartNames[part]) ++part;
  if (part == 3 || words.size() > 3) refuse();
  view.part = static_cast<AttentionPart>(part);
  for (size_t i = 1; i < words.size(); ++i) {
    auto& field = i == 1 ? view.layer : view.head;
    if (words[i] == "mean") {
      field = kMean;
    } else if (i == 1 && words[i] == "last") {
      field = kLast;
    } else if (const auto number = number_from_one(words[i])) {
      field = *number;
    } else {
      refuse();
    }
  }
  return view;
}

std::string AttentionView::text() const {
  return fmt::format("{}.{}.{}", kPartNames[static_cast<size_t>(part)], shown(layer), shown(head));
}

torch::Tensor select_view(const ForcedPass& pass, const AttentionView& view) {
  if (view.is_default()) return pass.attention_TS;
  const auto& layers = view.part == AttentionPart::kCross     ? pass.source_HTS
                       : view.part == AttentionPart::kEncoder ? pass.encoder_HSS
                                                              : pass.past_HTT;
  const char* part = kPartNames[static_cast<size_t>(view.part)];
  if (layers.empty()) fail<ConfigError>("attention {}: this model has no {} attention", view.text(), part);
  const auto num_layers = static_cast<int64_t>(layers.size());
  if (view.layer > num_layers) fail<ConfigError>("attention {}: this model has {} layers of {} attention", view.text(), num_layers, part);
  const auto one_layer = [&](int64_t l) {
    const auto& heads = layers[static_cast<size_t>(l)];
    if (view.head == AttentionView::kMean) return heads.mean(0);
    if (view.head > heads.size(0)) fail<ConfigError>("attention {}: this model has {} heads per layer there", view.text(), heads.size(0));
    return heads[view.head - 1];
  };
  if (view.layer != AttentionView::kMean) return one_layer(view.layer == AttentionView::kLast ? num_layers - 1 : view.layer - 1);
  std::vector<torch::Tensor> all;
  for (int64_t l = 0; l < num_layers; ++l) all.push_back(one_layer(l));
  return at::stack(all).mean(0);
}

}  // namespace attnzoo
