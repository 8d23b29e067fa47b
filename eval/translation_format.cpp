#include "eval/translation_format.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/extended_vocabulary.h"
#include "data/json_fields.h"
#include "data/special_tokens.h"

namespace attnzoo {
namespace {

using nlohmann::ordered_json;

// Six decimals: single precision has no more.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

void put_hypothesis(ordered_json& object, const Translation& translation, const Hypothesis& hypothesis, const std::string& text,
                    const Tokenizer& tokenizer, const std::string& source) {
  object["text"] = text;
  object["score"] = rounded(hypothesis.score);
  object["log_probability"] = rounded(hypothesis.log_probability);
  const bool label = tokenizer.kind() == "labels";
  if (label) object["probability"] = rounded(std::exp(hypothesis.log_probability));
  object["tokens"] = token_texts(tokenizer, hypothesis.ids, source);
  const bool reached_model = !translation.attended_ids.empty();
  if (reached_model && !hypothesis.truncated && !label) object["tokens"].push_back(tokenizer.piece(kEosId));
  object["truncated"] = hypothesis.truncated;
}

ordered_json attention_rows(const torch::Tensor& attention_TS) {
  auto rows = ordered_json::array();
  if (!attention_TS.defined()) return rows;
  const auto attention = attention_TS.contiguous();
  for (int64_t t = 0; t < attention.size(0); ++t) {
    auto row = ordered_json::array();
    for (int64_t s = 0; s < attention.size(1); ++s) row.push_back(rounded(attention.const_data_ptr<float>()[t * attention.size(1) + s]));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<std::string> token_texts(const Tokenizer& tokenizer, const std::vector<int32_t>& ids, const std::string& source) {
  std::vector<std::string> tokens;
  std::optional<ExtendedSource> words;
  for (const int32_t id : ids) {
    if (id >= tokenizer.vocabulary_size() && !words) words.emplace(tokenizer, source);
    tokens.push_back(words ? words->piece(id) : tokenizer.piece(id));
  }
  return tokens;
}

std::string plain_line(const Translation& translation) { return translation.text + "\n"; }

std::string n_best_lines(const Translation& translation, int64_t index, bool label) {
  std::string lines;
  for (size_t i = 0; i < translation.hypotheses.size(); ++i)
    lines += fmt::format("{} ||| {} ||| {:.6f}\n", index, translation.n_best_text[i],
                         label ? std::exp(translation.hypotheses[i].log_probability) : translation.hypotheses[i].score);
  return lines;
}

std::string json_line(const Translation& translation, int64_t index, const std::string& source_line, const TokenizerPair& tokenizers,
                      const TranslateOptions& options) {
  ordered_json object;
  object["index"] = index;
  const auto& best = translation.hypotheses.front();
  put_hypothesis(object, translation, best, translation.text, *tokenizers.target, source_line);
  object["source_truncated"] = translation.source_truncated;
  if (options.search.n_best > 1) {
    object["n_best"] = ordered_json::array();
    for (size_t i = 0; i < translation.hypotheses.size(); ++i) {
      ordered_json entry;
      put_hypothesis(entry, translation, translation.hypotheses[i], translation.n_best_text[i], *tokenizers.target, source_line);
      object["n_best"].push_back(std::move(entry));
    }
  }
  if (options.search.want_attention) {
    object["source_tokens"] = token_texts(*tokenizers.source, translation.attended_ids, source_line);
    object["attention"] = attention_rows(best.attention_TS);
  }
  return json_text(object);
}

}  // namespace attnzoo
