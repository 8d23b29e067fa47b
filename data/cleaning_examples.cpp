#include "data/cleaning_examples.h"

#include <limits>

#include "data/utf8.h"

namespace attnzoo {
namespace {

CleaningConfig as_applied(CleaningConfig config, Task task) {
  if (task == Task::kClassification) config.max_length_ratio = std::numeric_limits<double>::infinity();  // a label has no length
  return config;
}

}  // namespace

ShownPair shown_pair(const TextPair& pair) {
  return {std::string(pair.file), pair.file_line, shorten(pair.source, kShownCharacters), shorten(pair.target, kShownCharacters)};
}

CleaningExamples::CleaningExamples(const CleaningConfig& config, Task task, const TokenizerPair& tokenizers)
    : config_(config), task_(task), tokenizers_(tokenizers), cleaner_(as_applied(config, task)) {
  counts_.resize(cleaner_.report().reasons.size());
  examples_.resize(counts_.size());
}

void CleaningExamples::add(const TextPair& pair, bool kept, std::span<const int32_t> source, std::span<const int32_t> target) {
  if (cleaner_.keep_text(pair)) {
    std::vector<int32_t> source_ids(source.begin(), source.end()), target_ids(target.begin(), target.end());
    if (task_ == Task::kLanguageModel) source_ids = target_ids;
    // What is as long as the limit may have been cut.
    const bool maybe_cut = static_cast<int64_t>(source_ids.size()) == config_.max_source_length ||
                           static_cast<int64_t>(target_ids.size()) == config_.max_target_length;
    if (!kept || (maybe_cut && config_.too_long == "truncate")) {
      source_ids = tokenizers_.source->encode(pair.source);
      target_ids = tokenizers_.target->encode(pair.target);
    }
    cleaner_.keep_ids(pair, source_ids, target_ids);
  }
  note_new_reasons(pair);
}

void CleaningExamples::note_new_reasons(const TextPair& pair) {
  const auto& reasons = cleaner_.report().reasons;
  for (size_t reason = 0; reason < reasons.size(); ++reason) {
    if (reasons[reason].num_pairs == counts_[reason]) continue;
    counts_[reason] = reasons[reason].num_pairs;
    auto& examples = examples_[reason];
    if (examples.size() == kPerReason) {  // algorithm R; the others move up, so that they stay in order
      const uint64_t slot = random_.below(static_cast<uint64_t>(counts_[reason]));
      if (slot >= kPerReason) continue;
      examples.erase(examples.begin() + static_cast<std::ptrdiff_t>(slot));
    }
    examples.push_back(shown_pair(pair));
  }
}

}  // namespace attnzoo
