// Scores of one system or several with their uncertainty, and where they come from: the document that eval/pages/evaluation.html shows.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "eval/bleu.h"
#include "eval/bootstrap.h"
#include "eval/chrf.h"
#include "eval/word_statistics.h"

namespace attnzoo {

struct EvaluatedSystem {
  std::string name;                     // the run or the file
  std::vector<std::string> hypotheses;  // translations or labels, one per line of the test set
  std::vector<double> confidence;       // of a classifier: the probability of each predicted label; may be empty
};

// A test set of translations; `sources` may be empty. `training`: words of the training text's target side, null where it is not known, and
// then `why_no_training` says why. All counts are equal. Throws as corpus_bleu() does.
nlohmann::json translation_report(std::span<const EvaluatedSystem> systems, std::span<const std::string> sources,
                                  std::span<const std::string> references, const BleuOptions& bleu, const ChrfOptions& chrf,
                                  const WordCounts* training, const std::string& why_no_training, const BootstrapOptions& bootstrap = {});

// A test set of labels, for one or several classifiers.
nlohmann::json classification_report(std::span<const EvaluatedSystem> systems, std::span<const std::string> sources,
                                     std::span<const std::string> references, const BootstrapOptions& bootstrap = {});

// A language model: the mean loss at each position of a text. position_loss[i] is of the i-th token, over position_count[i] texts.
nlohmann::json language_model_report(const std::string& name, double loss, int64_t num_tokens, const std::vector<double>& position_loss,
                                     const std::vector<int64_t>& position_count);

// Of several systems, how each differs from the first, a line each: "B against A: BLEU +1.20 (p = 0.012), chrF +0.31 (p = 0.204)".
std::string differences_text(const nlohmann::json& document);

// What belongs into `file`: the page that shows such a document, or for FILE.json the document.
std::string evaluation_content(const std::filesystem::path& file, const nlohmann::json& document);

}  // namespace attnzoo
