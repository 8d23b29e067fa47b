// How a translation is written, one sentence at a time: plain lines, n-best lines, or JSON lines.
#pragma once

#include <cstdint>
#include <string>

#include "data/tokenizer.h"
#include "eval/translator.h"

namespace attnzoo {

// The best translation and a line end.
std::string plain_line(const Translation& translation);

// One line a hypothesis, best first: "INDEX ||| TEXT ||| SCORE", INDEX counting input lines from 0 (as Moses and Marian write it). An empty
// input line gives one line with empty text and score 0.
std::string n_best_lines(const Translation& translation, int64_t index);

// One JSON object: index (from 0), text, score, log_probability, tokens, truncated, source_truncated; with several hypotheses `n_best`, a
// list of objects of the first five of these; with attention `source_tokens` and `attention` (a row a target token, </s> counted, a number
// a source token, </s> counted).
std::string json_line(const Translation& translation, int64_t index, const std::string& source_line, const TokenizerPair& tokenizers,
                      const TranslateOptions& options);

}  // namespace attnzoo
