#include "eval/pair_scores.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "data/extended_vocabulary.h"
#include "data/json_fields.h"
#include "data/special_tokens.h"
#include "eval/translation_format.h"

namespace attnzoo {
namespace {

double perplexity_of(const TokenScores& scores) {
  return std::exp(-log_probability_of(scores) / static_cast<double>(std::max<size_t>(scores.size(), 1)));
}

}  // namespace

std::vector<std::string> score_columns(const TokenScores& scores) {
  return {fmt::format("{:.6f}", log_probability_of(scores)), fmt::format("{}", scores.size()),
          fmt::format("{:.6g}", perplexity_of(scores))};
}

std::string score_object(const TokenScores& scores, bool label, const std::vector<std::string>* pieces) {
  const auto rounded = [](double value) { return std::round(value * 1e6) / 1e6; };
  nlohmann::ordered_json object;
  object["log_probability"] = rounded(log_probability_of(scores));
  if (label) {
    object["probability"] = rounded(std::exp(log_probability_of(scores)));
  } else {
    object["tokens"] = scores.size();
    object["perplexity"] = rounded(perplexity_of(scores));
  }
  if (pieces != nullptr) {
    object["pieces"] = *pieces;
    object["piece_log_probabilities"] = nlohmann::ordered_json::array();
    for (const double score : scores) object["piece_log_probabilities"].push_back(rounded(score));
  }
  return json_text(object);
}

std::vector<std::string> target_pieces(const LoadedModel& loaded, const std::string& source, const std::string& target,
                                       int64_t max_source_tokens) {
  const auto& tokenizers = loaded.tokenizers;
  const auto ids = loaded.model->copies() ? ExtendedSource(*tokenizers.source, source, max_source_tokens).encode_target(target)
                                          : tokenizers.target->encode(target);
  auto pieces = token_texts(*tokenizers.target, ids, source);
  if (!loaded.model->says_label()) pieces.push_back(tokenizers.target->piece(kEosId));
  return pieces;
}

}  // namespace attnzoo
