// Corpus chrF, equal to sacrebleu 2.6.0's to the last printed digit for the same lines; eval/bleu.h says how files become lines (Popovic
// 2015; chrF++, with word_order 2: Popovic 2017).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "eval/ngram_matches.h"

namespace attnzoo {

struct ChrfOptions {
  int64_t char_order = 6;  // longest character n-gram
  int64_t word_order = 0;  // longest word n-gram; 2 is chrF++
  int64_t beta = 2;        // weight of recall against precision
  bool lowercase = false;
};

struct ChrfScore {
  std::string name;          // "chrF2", "chrF2++"
  double score = 0;          // 0 to 100
  std::string signature;     // "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0", as sacrebleu writes it
  std::string text() const;  // "chrF2 = 62.31"
};

// What chrF is computed from: one entry per order, of one sentence or summed over many.
using ChrfCounts = std::vector<NgramMatches>;
void add_chrf_counts(ChrfCounts& sum, const ChrfCounts& other, int64_t times = 1);
// Of each sentence. Throws as corpus_chrf() does.
std::vector<ChrfCounts> chrf_counts(std::span<const std::string> hypotheses, std::span<const std::string> references,
                                    const ChrfOptions& options = {});
ChrfScore chrf_of(const ChrfCounts& counts, const ChrfOptions& options = {});

// hypotheses[i] is scored against references[i]. Throws DataError for unequal counts, ConfigError for orders or a beta out of range.
ChrfScore corpus_chrf(std::span<const std::string> hypotheses, std::span<const std::string> references, const ChrfOptions& options = {});

}  // namespace attnzoo
