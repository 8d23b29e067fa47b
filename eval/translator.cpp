#include "eval/translator.h"

#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <numeric>
#include <optional>

#include "data/error.h"
#include "data/extended_vocabulary.h"
#include "data/special_tokens.h"
#include "data/utf8.h"
#include "eval/workers.h"

namespace attnzoo {
namespace {

// Byte pieces may decode to LF or CR; a translation must stay one line.
std::string one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// One call of translate().
class Translator {
 public:
  Translator(const InferenceModel& model, const TokenizerPair& tokenizers, std::span<const std::string> lines,
             const TranslateOptions& options, const std::function<void(int64_t)>& on_progress, const std::atomic<bool>* stop)
      : model_(model), tokenizers_(tokenizers), lines_(lines), options_(options), on_progress_(on_progress), stop_(stop) {}

  std::vector<Translation> run() {
    translations_.resize(lines_.size());
    sources_.resize(lines_.size());
    constexpr size_t kLinesAtATime = 64;
    run_on_workers(options_.num_threads, (lines_.size() + kLinesAtATime - 1) / kLinesAtATime, [&](size_t chunk) {
      const size_t end = std::min(lines_.size(), (chunk + 1) * kLinesAtATime);
      for (size_t i = chunk * kLinesAtATime; i < end; ++i) encode(i);
    });

    // Longest first, so that batches have little padding and the workers finish at about the same time.
    std::vector<size_t> order;
    for (size_t i = 0; i < lines_.size(); ++i) {
      if (!sources_[i].empty() || !is_translated()) {
        order.push_back(i);
      } else {
        translations_[i].hypotheses.emplace_back();
        translations_[i].n_best_text.emplace_back();
      }
    }
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sources_[a].size() > sources_[b].size(); });
    num_done_ = static_cast<int64_t>(lines_.size() - order.size());
    // Few lines are spread over all workers; the result does not depend on the batch.
    const auto num_workers = static_cast<size_t>(options_.device.is_cpu() ? options_.num_threads : 1);
    const size_t share = std::max<size_t>((order.size() + num_workers - 1) / num_workers, 1);
    const auto batch_size = std::min(static_cast<size_t>(options_.batch_size), share);
    const size_t num_searches = (order.size() + batch_size - 1) / batch_size;
    run_on_workers(static_cast<int64_t>(num_workers), std::min(num_workers, num_searches), [&](size_t) { search_some(order, batch_size); });
    return std::move(translations_);
  }

 private:
  bool is_translated() const { return model_->reads_source() && !model_->says_label(); }

  void encode(size_t i) {
    if (is_blank(lines_[i])) return;
    auto& translation = translations_[i];
    if (model_->copies()) {
      const ExtendedSource source(*tokenizers_.source, lines_[i], options_.max_source_tokens);
      sources_[i] = source.ids();
      translation.source_truncated = source.was_cut();
      return;
    }
    sources_[i] = tokenizers_.source->encode(lines_[i]);
    if (static_cast<int64_t>(sources_[i].size()) <= options_.max_source_tokens) return;
    sources_[i].resize(static_cast<size_t>(options_.max_source_tokens));
    translation.source_truncated = true;
  }

  // One worker's search, which takes lines in this order until none is left.
  void search_some(std::span<const size_t> order, size_t batch_size) {
    std::vector<size_t> lines;  // by their number in this search
    const auto next = [&](size_t at_most) {
      if (stop_ != nullptr && *stop_) fail<Error>("translation stopped after {} of {} lines", num_done_.load(), lines_.size());
      std::vector<SearchText> texts;
      const std::lock_guard lock(mutex_);
      for (; texts.size() < at_most && num_begun_ < order.size() && !failed_; ++num_begun_) {
        lines.push_back(order[num_begun_]);
        texts.push_back(text_of(lines.back()));
      }
      return texts;
    };
    try {
      search(model_, options_.search, {next, [&](size_t i, std::vector<Hypothesis> found) { keep(lines[i], std::move(found)); }},
             static_cast<int64_t>(batch_size), options_.device);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failed_ = true;
      throw;
    }
  }

  SearchText text_of(size_t line) const {
    const auto& ids = sources_[line];
    const bool reads = model_->reads_source();
    SearchText text{{}, {reads ? std::vector<int32_t>{} : ids, static_cast<uint64_t>(options_.first_line) + line}};
    if (reads) text.source.assign(ids.begin(), ids.end());
    text.source.push_back(kEosId);
    return text;
  }

  void keep(size_t line, std::vector<Hypothesis> hypotheses) {
    auto& translation = translations_[line];
    translation.hypotheses = std::move(hypotheses);
    if (model_->reads_source()) translation.attended_ids = std::move(sources_[line]);
    translation.attended_ids.push_back(kEosId);
    std::optional<ExtendedSource> words;  // names the ids past the vocabulary
    if (model_->copies()) words.emplace(*tokenizers_.source, lines_[line], options_.max_source_tokens);
    for (const auto& hypothesis : translation.hypotheses)
      translation.n_best_text.push_back(one_line(words ? words->decode(hypothesis.ids) : tokenizers_.target->decode(hypothesis.ids)));
    translation.text = translation.n_best_text.front();
    const std::lock_guard lock(mutex_);
    ++num_done_;
    if (on_progress_) on_progress_(num_done_);
  }

  const InferenceModel& model_;
  const TokenizerPair& tokenizers_;
  const std::span<const std::string> lines_;
  const TranslateOptions& options_;
  const std::function<void(int64_t)>& on_progress_;
  const std::atomic<bool>* stop_;
  std::vector<std::vector<int32_t>> sources_;  // ids without </s>; empty for a blank line
  std::vector<Translation> translations_;
  std::mutex mutex_;      // of what follows, and of on_progress_
  size_t num_begun_ = 0;  // in the order of the search
  bool failed_ = false;   // a worker has; the others take no more lines
  std::atomic<int64_t> num_done_{0};
};

}  // namespace

std::vector<std::string> TranslateOptions::problems() const {
  auto found = search.problems();
  const auto check = [&](const char* field, int64_t value, IntegerBounds bounds) {
    if (!bounds.contain(value)) found.push_back(fmt::format("{}: {}, got {}", field, bounds.text(), value));
  };
  check("batch_size", batch_size, TranslateBounds::kBatchSize);
  check("num_threads", num_threads, kThreadBounds);
  check("max_source_tokens", max_source_tokens, TranslateBounds::kSourceTokens);
  return found;
}

std::vector<Translation> translate(const InferenceModel& model, const TokenizerPair& tokenizers, std::span<const std::string> lines,
                                   const TranslateOptions& options, TranslateReport* report,
                                   const std::function<void(int64_t)>& on_progress, const std::atomic<bool>* stop) {
  if (const auto problems = options.problems(); !problems.empty()) fail<ConfigError>("translate: {}", fmt::join(problems, "; "));
  const auto start = std::chrono::steady_clock::now();
  auto translations = Translator(model, tokenizers, lines, options, on_progress, stop).run();
  if (report != nullptr) {
    report->num_sentences += static_cast<int64_t>(translations.size());
    for (const auto& translation : translations) {
      report->num_truncated_sources += translation.source_truncated;
      const auto& best = translation.hypotheses.front();
      report->num_target_tokens += static_cast<int64_t>(best.ids.size());
      report->num_truncated_targets += best.truncated;
    }
    report->seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return translations;
}

}  // namespace attnzoo
