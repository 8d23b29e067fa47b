// Corpus chrF as sacrebleu 2 computes it, to the last printed digit (Popovic 2015; chrF++ with word_order 2, Popovic 2017).
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace attnzoo {

struct ChrfOptions {
  int64_t char_order = 6;
  int64_t word_order = 0;  // 2 is chrF++
  int64_t beta = 2;
  bool lowercase = false;
};

struct ChrfScore {
  std::string name;          // "chrF2", "chrF2++"
  double score = 0;          // 0 .. 100
  std::string signature;     // "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0" (the sacrebleu it equals)
  std::string text() const;  // "chrF2 = 62.31"
};

ChrfScore corpus_chrf(std::span<const std::string> hypotheses, std::span<const std::string> references, const ChrfOptions& options = {});

}  // namespace attnzoo
