// Corpus BLEU as sacrebleu 2 computes it, to the last printed digit (Papineni et al. 2002; Post 2018).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace attnzoo {

struct BleuOptions {
  std::string tokenize = "13a";  // "13a" (mteval-v13a) or "none" (text already tokenised)
  bool lowercase = false;
};

struct BleuScore {
  double score = 0;                    // 0 .. 100
  std::array<double, 4> precisions{};  // percent
  double brevity_penalty = 1;
  int64_t hypothesis_length = 0, reference_length = 0;
  std::string signature;  // "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0" (the sacrebleu it equals)
  // "BLEU = 38.12 69.1/44.8/31.2/21.9 (BP = 1.000 ratio = 1.012 hyp_len = 11038 ref_len = 10905)", as sacrebleu prints it
  std::string text() const;
};

BleuScore corpus_bleu(std::span<const std::string> hypotheses, std::span<const std::string> references, const BleuOptions& options = {});

}  // namespace attnzoo
