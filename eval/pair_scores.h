// What `attnzoo-eval score` writes about a pair: how probable a model finds its target.
#pragma once

#include <string>
#include <vector>

#include "eval/scoring.h"
#include "models/checkpoint.h"

namespace attnzoo {

// log-probability (nats, </s> counted), number of target tokens with </s>, perplexity per token.
std::vector<std::string> score_columns(const TokenScores& scores);

// {"log_probability", "tokens", "perplexity"} or, of a label, {"log_probability", "probability"}. With `pieces`, which are target_pieces(),
// also "pieces" and "piece_log_probabilities", one per token.
std::string score_object(const TokenScores& scores, bool label, const std::vector<std::string>* pieces = nullptr);

// The written form of the tokens that were scored.
std::vector<std::string> target_pieces(const LoadedModel& loaded, const std::string& source, const std::string& target,
                                       int64_t max_source_tokens);

}  // namespace attnzoo
