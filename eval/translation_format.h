// Writes a translation as a plain line, as n-best lines, or as a JSON line. A line that did not reach the model (a blank one) has one
// hypothesis in every form: empty text, no tokens, score 0.
#pragma once

#include <cstdint>
#include <string>

#include "data/tokenizer.h"
#include "eval/translator.h"

namespace attnzoo {

// The written form of each id. Ids past the vocabulary stand for words of the source line, as a pointer-generator copies them.
std::vector<std::string> token_texts(const Tokenizer& tokenizer, const std::vector<int32_t>& ids, const std::string& source);

// The best translation and a line feed.
std::string plain_line(const Translation& translation);

// One line per hypothesis, best first, as Moses and Marian write it: "INDEX ||| TEXT ||| SCORE", where INDEX counts input lines from 0.
// With `label` the score is the label's probability.
std::string n_best_lines(const Translation& translation, int64_t index, bool label);

// One JSON object, without a line feed: index (from 0); text, score, log_probability (of a label also probability), tokens and truncated of
// the best hypothesis; source_truncated. If n_best is above 1, `n_best` lists an object with those fields from text to truncated for every
// hypothesis. If attention is wanted, `source_tokens` and `attention` follow: `attention` has one row per token of `tokens` and one number
// per token of `source_tokens`, for every family. Both lists end with
// </s>, unless the hypothesis is truncated or a label; a language model reads no source, so `source_tokens` is </s> alone.
std::string json_line(const Translation& translation, int64_t index, const std::string& source_line, const TokenizerPair& tokenizers,
                      const TranslateOptions& options);

}  // namespace attnzoo
