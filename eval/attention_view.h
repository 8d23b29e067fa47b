// Which attention to show: the part of the model, the layer and the head.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>

#include "eval/forced_pass.h"

namespace attnzoo {

enum class AttentionPart { kCross, kEncoder, kDecoder };

// Written "cross.2.3": part, layer, head, counted from 1; "mean" in place of either; "last" in place of the layer. "cross" alone is
// "cross.last.mean", what the search itself returns (Hypothesis::attention_TS).
struct AttentionView {
  static constexpr int64_t kMean = -1, kLast = 0;
  AttentionPart part = AttentionPart::kCross;
  int64_t layer = kLast, head = kMean;

  // The mean over all layers and heads, cross.mean.mean: of a Transformer's views the one that links words best (eval/README.md).
  static AttentionView of_alignments() { return {AttentionPart::kCross, kMean, kMean}; }
  // Throws ConfigError for what is not written so.
  static AttentionView parse(const std::string& text);
  std::string text() const;
  // Whether the search's own attention is this view.
  bool is_default() const { return part == AttentionPart::kCross && layer == kLast && head == kMean; }
};

// The weights of this view, [queries, keys]. Throws ConfigError, which names what there is, for a part, layer or head that the model does
// not have.
torch::Tensor select_view(const ForcedPass& pass, const AttentionView& view);

}  // namespace attnzoo
