#include "data/prepare_stages.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <random>
#include <vector>

#include "data/corpus_writer.h"
#include "data/error.h"
#include "data/extended_vocabulary.h"
#include "data/parallel.h"
#include "data/progress.h"
#include "data/special_tokens.h"
#include "data/utf8.h"
#include "data/vocabulary_tokenizer.h"

namespace attnzoo {
namespace {

// Pairs tokenised together: enough work for every thread, little memory.
constexpr size_t kChunkPairs = 8192;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void fail_nothing_left(const SourceConfig& text, const CleaningReport& report, const std::string& item) {
  if (report.num_read == 0) fail<DataError>("{}: no line of text; at least one {} is needed", text.name(), item);
  fail<DataError>("{}: no {} is left after cleaning; see data.clean.\n  {}", text.name(), item, report.text("cleaning", item));
}

// At most `capacity` of the items offered, each with the same chance (algorithm R), the same ones each time.
class Sample {
 public:
  explicit Sample(size_t capacity) : capacity_(capacity) {}
  // Where the next item goes; null when it is not taken.
  TextPair* offer() {
    const uint64_t count = num_offered_++;
    if (items_.size() < capacity_) return &items_.emplace_back();
    const uint64_t slot = random_() % (count + 1);
    return slot < capacity_ ? &items_[slot] : nullptr;
  }
  std::vector<TextPair>& items() { return items_; }

 private:
  size_t capacity_;
  uint64_t num_offered_ = 0;
  std::mt19937_64 random_{20160811};
  std::vector<TextPair> items_;
};

// One chunk of pairs on their way through the tokenisers.
struct Chunk {
  std::vector<TextPair> pairs;
  std::vector<std::vector<int32_t>> sources, targets;

  void encode(const TokenizerPair& tokenizers, const CorpusForm& form) {
    sources.resize(pairs.size());
    targets.resize(pairs.size());
    parallel_for(0, static_cast<int64_t>(pairs.size()), 64, [&](int64_t begin, int64_t end) {
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        if (form.copy_unknown) {
          const ExtendedSource source(*tokenizers.source, pairs[i].source);
          sources[i] = source.ids();
          targets[i] = source.encode_target(pairs[i].target);
        } else {
          sources[i] = tokenizers.source->encode(pairs[i].source);
          targets[i] = tokenizers.target->encode(pairs[i].target);
        }
      }
    });
  }
};

}  // namespace

TokenizerPair learn_tokenizers(const SourceConfig& text, Task task, const CleaningConfig& clean, const TokenizerConfig& config,
                               const StageLog& log) {
  const auto start = std::chrono::steady_clock::now();
  const auto max_lines = static_cast<size_t>(std::max<int64_t>(config.max_training_sentences, 2));
  const bool labelled = task == Task::kClassification, joint = config.joint && !labelled;
  Sample sample(joint && task != Task::kLanguageModel ? max_lines / 2 : max_lines);
  std::vector<std::string> labels;
  PairCleaner cleaner(clean);
  PairReader reader(text, clean.reading_policy());
  TextPair pair;
  while (reader.next(pair)) {
    if (!cleaner.keep_text(pair)) continue;
    if (labelled) {
      if (is_blank(pair.target))
        fail<DataError>("{}: the label is blank; set data.clean.empty to drop, or correct the line", pair.target_place());
      labels.push_back(pair.target);  // of every pair: a rare one must not be missed
    }
    if (TextPair* place = sample.offer()) *place = pair;
    log.update([&] {
      return fmt::format("reading the text: {} {}s", short_count(static_cast<double>(cleaner.report().num_read)), item_of(task));
    });
  }
  if (sample.items().empty()) fail_nothing_left(text, cleaner.report(), item_of(task));

  const size_t num_pairs = sample.items().size();
  std::vector<std::string> source_lines, target_lines;
  source_lines.reserve(joint ? 2 * num_pairs : num_pairs);
  const bool both_sides = task == Task::kTranslation;  // the others' target is a label, or the source again
  for (TextPair& item : sample.items()) {
    source_lines.push_back(std::move(item.source));
    if (both_sides && !joint) target_lines.push_back(std::move(item.target));
  }
  for (size_t i = 0; both_sides && joint && i < num_pairs; ++i) source_lines.push_back(std::move(sample.items()[i].target));
  log.line(fmt::format("tokeniser: learning {} from {} ({} of {})", config.kind,
                       counted(static_cast<int64_t>(both_sides ? 2 * num_pairs : num_pairs), "line"),
                       counted(static_cast<int64_t>(num_pairs), item_of(task)), text.name()));
  TokenizerPair tokenizers;
  tokenizers.source = train_tokenizer(config, source_lines);
  tokenizers.target = labelled ? train_labels(labels) : target_lines.empty() ? tokenizers.source : train_tokenizer(config, target_lines);
  const int64_t num_source = tokenizers.source->vocabulary_size(), num_target = tokenizers.target->vocabulary_size();
  const std::string pieces = labelled
                                 ? fmt::format("{} and {}", counted(num_source, "piece"), counted(num_target - kNumSpecialTokens, "label"))
                             : !tokenizers.joint() ? fmt::format("{} source and {} target pieces", num_source, num_target)
                             : both_sides          ? fmt::format("{} pieces for both sides", num_source)
                                                   : fmt::format("{} pieces", num_source);
  log.line(fmt::format("tokeniser: {} learned in {:.1f} s", pieces, seconds_since(start)));
  return tokenizers;
}

CleaningReport write_corpus(const std::string& part, const SourceConfig& text, const CorpusForm& form, const CleaningConfig& given_clean,
                            const TokenizerPair& tokenizers, const std::filesystem::path& file, const std::string& digest,
                            const StageLog& log) {
  const auto start = std::chrono::steady_clock::now();
  const bool labels = form.task == Task::kClassification;
  auto clean = given_clean;
  if (labels) clean.max_length_ratio = std::numeric_limits<double>::infinity();  // a label has no length
  PairCleaner cleaner(clean);
  PairReader reader(text, clean.reading_policy());
  CorpusWriter writer(file, digest, labels);
  int64_t num_source_tokens = 0, num_target_tokens = 0;
  const auto read = [&](Chunk& chunk) {
    chunk.pairs.clear();
    TextPair pair;
    while (chunk.pairs.size() < kChunkPairs && reader.next(pair))
      if (cleaner.keep_text(pair)) chunk.pairs.push_back(std::move(pair));
  };
  const auto write = [&](Chunk& chunk) {
    for (size_t i = 0; i < chunk.pairs.size(); ++i) {
      if (!cleaner.keep_ids(chunk.pairs[i], chunk.sources[i], chunk.targets[i])) continue;
      if (form.copy_unknown)  // the cleaning may have cut the source
        forget_words_past(static_cast<int64_t>(chunk.sources[i].size()), tokenizers.source->vocabulary_size(), chunk.targets[i]);
      if (form.task == Task::kLanguageModel) chunk.sources[i].clear();
      writer.add(chunk.sources[i], chunk.targets[i], chunk.pairs[i].line);
      num_source_tokens += static_cast<int64_t>(chunk.sources[i].size());
      num_target_tokens += static_cast<int64_t>(chunk.targets[i].size());
    }
  };
  // While one chunk is tokenised, the one before is written and the next one is read.
  Chunk before, now, next;
  read(now);
  while (!now.pairs.empty()) {
    beside([&] { now.encode(tokenizers, form); },
           [&] {
             write(before);
             read(next);
           });
    log.update([&] {
      const auto count = static_cast<double>(cleaner.report().num_read);
      return fmt::format("{}: {} {}s tokenised, {} a second", part, short_count(count), item_of(form.task),
                         short_count(count / seconds_since(start)));
    });
    std::swap(before, now);
    std::swap(now, next);
  }
  write(before);
  if (cleaner.report().num_kept == 0) fail_nothing_left(text, cleaner.report(), item_of(form.task));
  writer.commit();
  log.line(cleaner.report().text(part, item_of(form.task)));
  const auto of_source = form.task == Task::kLanguageModel ? "" : fmt::format("{} source and ", num_source_tokens);
  const auto* of_target = form.task == Task::kLanguageModel ? "tokens" : labels ? "labels" : "target tokens";
  log.line(fmt::format("{}: {}{} {}, written to {} in {:.1f} s", part, of_source, num_target_tokens, of_target, file.string(),
                       seconds_since(start)));
  return cleaner.report();
}

}  // namespace attnzoo
