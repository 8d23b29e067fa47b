// What a model attended to and how the search came to its result, for some lines: the document that eval/pages/explanation.html shows.
// Its fields are listed in eval/pages/README.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "eval/translator.h"
#include "models/checkpoint.h"

namespace attnzoo {

// More lines make a page that no browser shows well.
inline constexpr size_t kMaxExplainedLines = 200;
// Bytes of attention by layer and head, over all lines. Past them a line has the mean attention only, and says so.
inline constexpr size_t kMaxHeadBytes = size_t{16} << 20;

// translations[i] is of lines[i], with attention and trace wanted in `options`. Weights are as Hypothesis::attention_TS gives them, others
// from forcing the hypotheses through the model again.
nlohmann::json explanation(LoadedModel& loaded, std::span<const std::string> lines, std::span<const Translation> translations,
                           const TranslateOptions& options, const std::string& run);

}  // namespace attnzoo
