// The two long stages of prepare_data: learning tokenisers from text, and writing text as a corpus of ids. Both read the text as a
// stream; memory is bounded by the sample of lines that the tokeniser learns from.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/cleaning.h"
#include "data/progress.h"
#include "data/sources.h"
#include "data/task.h"
#include "data/tokenizer.h"

namespace attnzoo {

// Where a stage reports what it did (`write`, may be empty) and how far it is (`progress`, may be null).
struct StageLog {
  std::function<void(const std::string&)> write;
  Progress* progress = nullptr;

  void line(const std::string& text) const {
    if (write) write(text);
  }
  void update(const std::function<std::string()>& text) const {
    if (progress != nullptr) progress->update(text);
  }
};

// Learns from the pairs of `text` that the cleaning keeps, or an even random sample (the same each time) of at most
// max_training_sentences lines. Throws DataError: no text at all, or what train_tokenizer() throws.
// For labelled text the target side has an entry for every label.
TokenizerPair learn_tokenizers(const SourceConfig& text, Task task, const CleaningConfig& clean, const TokenizerConfig& config,
                               const StageLog& log);

// How the pairs of a corpus are written.
struct CorpusForm {
  Task task = Task::kTranslation;
  bool copy_unknown = false;  // TokenizerConfig::copy_unknown
};

// Tokenises `text` on all threads and writes the pairs that the cleaning keeps, in the order of the text. `part` is "train" or "valid".
// Throws DataError when no pair is left.
CleaningReport write_corpus(const std::string& part, const SourceConfig& text, const CorpusForm& form, const CleaningConfig& clean,
                            const TokenizerPair& tokenizers, const std::filesystem::path& file, const std::string& digest,
                            const StageLog& log);

}  // namespace attnzoo
