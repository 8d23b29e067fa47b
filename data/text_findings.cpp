#include "data/text_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "data/error.h"

namespace attnzoo {
namespace {

constexpr int64_t kSampledPairs = 20000;
constexpr int64_t kPairsBetweenReleases = 1 << 16;  // of the corpus' pages

// Calls visit(pair, i) for every pair of the text, where i is its index in the corpus, or -1 for one that was dropped.
void for_each_line(const PreparedData& data, const DataConfig& config, const char* doing, Progress* progress,
                   const std::function<void(const TextPair&, int64_t)>& visit) {
  const Corpus& corpus = *data.train;
  PairReader reader(data.train_text, config.clean.reading_policy());
  TextPair pair;
  int64_t next = 0, num_read = 0;
  for (; reader.next(pair); ++num_read) {
    const bool kept = next < corpus.num_pairs() && corpus.line(next) == pair.line;
    visit(pair, kept ? next : -1);
    if (kept && ++next % kPairsBetweenReleases == 0) corpus.release_memory();
    if (progress != nullptr)
      progress->update([&] { return fmt::format("{}: {} of {} pairs", doing, num_read + 1, data.train_report.num_read); });
  }
  if (num_read != data.train_report.num_read || next != corpus.num_pairs())
    fail<DataError>("{}: changed while it was being read; start again", data.train_text.name());
}

PairJudge judge_of(const PreparedData& data, const DataConfig& config, Progress* progress) {
  const int64_t stride = std::max<int64_t>(1, (data.train->num_pairs() + kSampledPairs - 1) / kSampledPairs);
  std::vector<std::pair<LineClues, LineClues>> sample;
  for_each_line(data, config, "measuring what pairs share", progress, [&](const TextPair& pair, int64_t i) {
    if (i >= 0 && i % stride == 0) sample.emplace_back(clues_of(pair.source), clues_of(pair.target));
  });
  return PairJudge(sample);
}

size_t num_words_of(std::string_view line) {
  size_t count = 0;
  for (size_t i = 0; i < line.size(); ++i) count += line[i] != ' ' && (i == 0 || line[i - 1] == ' ');
  return count;
}

bool is_likelier(const SuspiciousPair& a, const SuspiciousPair& b) { return a.probability > b.probability; }

// Judges the pairs of a text, in its order.
class MisalignmentSearch {
 public:
  MisalignmentSearch(PairJudge judge, int64_t num_pairs) : judge_(std::move(judge)), num_pairs_(num_pairs) {
    sums_.resize(std::min<size_t>(MisalignedPairs::kParts, static_cast<size_t>(num_pairs)));
    counts_.resize(sums_.size());
    found_.information = judge_.information();
  }

  void add(const TextPair& pair, int64_t i) {
    const auto clues = judge_.judge(clues_of(pair.source), clues_of(pair.target));
    const double probability = judge_.probability(std::accumulate(clues.begin(), clues.end(), 0.0));
    ++found_.num_judged;
    found_.num_expected += probability;
    const auto part = static_cast<size_t>(i * static_cast<int64_t>(sums_.size()) / num_pairs_);
    sums_[part] += probability;
    ++counts_[part];
    if (pair.source == pair.target && num_words_of(pair.source) >= MisalignedPairs::kFewestEqualWords) {
      if (found_.equal.size() < MisalignedPairs::kMaxEqual) found_.equal.push_back(shown_pair(pair));
      ++found_.num_equal;
    }
    if (probability <= 0.5) return;
    ++found_.num_likely;
    keep_worst({shown_pair(pair), probability, clues});
  }

  MisalignedPairs found() {
    for (size_t part = 0; part < sums_.size(); ++part) found_.by_position.push_back(sums_[part] / static_cast<double>(counts_[part]));
    return std::move(found_);
  }

 private:
  void keep_worst(SuspiciousPair suspicious) {
    auto& worst = found_.worst;
    if (worst.size() == MisalignedPairs::kMaxShown && suspicious.probability <= worst.back().probability) return;
    const auto same = [&](const SuspiciousPair& other) {
      return other.pair.source == suspicious.pair.source && other.pair.target == suspicious.pair.target;
    };
    if (std::ranges::any_of(worst, same)) return;
    const auto place = std::ranges::upper_bound(worst, suspicious, is_likelier);
    worst.insert(place, std::move(suspicious));
    if (worst.size() > MisalignedPairs::kMaxShown) worst.pop_back();
  }

  PairJudge judge_;
  int64_t num_pairs_;
  std::vector<double> sums_;
  std::vector<int64_t> counts_;
  MisalignedPairs found_;
};

}  // namespace

TextFindings find_in_text(const PreparedData& data, const DataConfig& config, Progress* progress) {
  TextFindings findings;
  std::optional<MisalignmentSearch> search;
  if (config.task == Task::kTranslation && data.train->num_pairs() >= static_cast<int64_t>(PairJudge::kFewestPairs))
    search.emplace(judge_of(data, config, progress), data.train->num_pairs());
  CleaningExamples cleaning(config.clean, config.task, data.tokenizers);
  for_each_line(data, config, "looking for misaligned pairs", progress, [&](const TextPair& pair, int64_t i) {
    cleaning.add(pair, i >= 0, i >= 0 ? data.train->source(i) : std::span<const int32_t>(),
                 i >= 0 ? data.train->target(i) : std::span<const int32_t>());
    if (i >= 0 && search) search->add(pair, i);
  });
  findings.of_reasons = cleaning.of_reasons();
  if (search) findings.misaligned = search->found();
  return findings;
}

}  // namespace attnzoo
