// Corpus BLEU, equal to sacrebleu 2.6.0's to the last printed digit (Papineni et al. 2002; Post 2018).
//
// The same lines get the same score. Files are read by data/text_reader.h, which drops a byte order mark at the start of a file (sacrebleu
// counts it as a character of the first line) and a CR before the LF (white space to both); translate() writes a CR or LF that a model
// generates as a space.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace attnzoo {

struct BleuOptions {
  std::string tokenize = "13a";  // one of metric_tokenizers()
  bool lowercase = false;
};

struct BleuScore {
  double score = 0;                    // 0 to 100
  std::array<double, 4> precisions{};  // percent
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;  // in words
  std::string signature;  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0", as sacrebleu writes it
  // "BLEU = 38.12 69.1/44.8/31.2/21.9 (BP = 1.000 ratio = 1.012 hyp_len = 11038 ref_len = 10905)", as sacrebleu prints it
  std::string text() const;
};

// What BLEU is computed from: the counts of one sentence, or their sums over many.
struct BleuCounts {
  std::array<int64_t, 4> matched{}, in_hypothesis{};  // n-grams of 1 to 4 words
  int64_t hypothesis_length = 0, reference_length = 0;

  BleuCounts& add(const BleuCounts& other, int64_t times = 1);
};
// Of each sentence. Throws as corpus_bleu() does.
std::vector<BleuCounts> bleu_counts(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                    const BleuOptions& options = {});
BleuScore bleu_of(const BleuCounts& counts, const BleuOptions& options = {});
// Of a single sentence, which may lack longer n-grams: over the orders that it has, as sacrebleu's sentence_bleu. 0 to 100.
double sentence_bleu(const BleuCounts& counts);

// hypotheses[i] is scored against references[i]. Throws DataError for unequal counts, ConfigError for an unknown tokeniser.
BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references, const BleuOptions& options = {});

}  // namespace attnzoo
