#include "eval/sentence_beam.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "data/special_tokens.h"

namespace attnzoo {

double normalized_score(double log_probability, int64_t length, double length_penalty) {
  return log_probability / std::pow((5.0 + static_cast<double>(length)) / 6.0, length_penalty);
}

SentenceBeam::SentenceBeam(const SearchOptions& options, int64_t max_length, std::vector<int32_t> prefix, bool label)
    : options_(options), max_length_(max_length), prefix_(std::move(prefix)), label_(label) {
  if (options.want_trace) trace_ = std::make_shared<SearchTrace>();
}

void SentenceBeam::banned_after(size_t h, std::vector<int32_t>& banned) const {
  const auto& ids = live_[h].ids;
  banned.assign({kPadId, kBosId});
  if (num_generated(live_[h]) < options_.min_length) banned.push_back(kEosId);
  const auto n = static_cast<size_t>(options_.no_repeat_ngram);
  if (n == 0 || ids.size() < n) return;
  const auto context = ids.end() - static_cast<std::ptrdiff_t>(n - 1);
  for (auto begin = ids.begin(); begin + static_cast<std::ptrdiff_t>(n - 1) < ids.end(); ++begin) {
    if (std::equal(context, ids.end(), begin)) banned.push_back(*(begin + static_cast<std::ptrdiff_t>(n - 1)));
  }
}

SentenceBeam::Ended SentenceBeam::ended(const Live& hypothesis, bool truncated) const {
  Ended result;
  result.hypothesis.ids = hypothesis.ids;
  result.hypothesis.log_probability = hypothesis.log_probability;
  result.hypothesis.truncated = truncated && !label_;
  const auto length = num_generated(hypothesis) + (truncated ? 0 : 1);
  result.hypothesis.score = normalized_score(hypothesis.log_probability, length, options_.length_penalty);
  result.step_rows = hypothesis.step_rows;
  result.node = hypothesis.node;
  return result;
}

void SentenceBeam::advance(std::span<const std::vector<RankedToken>> continuations, int64_t first_row) {
  if (forced()) {
    if (options_.want_attention) live_[0].step_rows.push_back(static_cast<int32_t>(first_row));
    live_[0].ids.push_back(prefix_[live_[0].ids.size()]);
    parents_ = {0};
    return;
  }
  struct Candidate {
    double log_probability;
    int32_t parent, id;
  };
  const auto beam = static_cast<size_t>(options_.beam);
  std::vector<Candidate> candidates;
  for (size_t h = 0; h < live_.size(); ++h) {
    if (continuations[h].empty()) stuck_.push_back(ended(live_[h], true));
    for (const auto& token : continuations[h])
      candidates.push_back({live_[h].log_probability + token.log_probability, static_cast<int32_t>(h), token.id});
  }
  const size_t num_candidates = std::min(candidates.size(), 2 * beam);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(num_candidates), candidates.end(),
                    [](const Candidate& a, const Candidate& b) {
                      if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
                      return a.parent != b.parent ? a.parent < b.parent : a.id < b.id;
                    });

  SearchTrace::Node* nodes = nullptr;  // those of the candidates, if a trace is wanted
  int32_t first_node = 0;
  if (trace_) {
    first_node = static_cast<int32_t>(trace_->nodes.size());
    auto& step = trace_->steps.emplace_back(SearchTrace::Step{{}, {}, first_node, static_cast<int32_t>(num_candidates)});
    for (size_t h = 0; h < live_.size(); ++h) {
      step.live.push_back(live_[h].node);
      const auto count = std::min<size_t>(continuations[h].size(), SearchTrace::kNumLikeliest);
      step.likeliest.emplace_back(continuations[h].begin(), continuations[h].begin() + static_cast<std::ptrdiff_t>(count));
    }
    for (size_t c = 0; c < num_candidates; ++c)
      trace_->nodes.push_back({live_[static_cast<size_t>(candidates[c].parent)].node, candidates[c].id, candidates[c].log_probability});
    nodes = trace_->nodes.data() + first_node;
  }

  std::vector<Live> next;
  parents_.clear();
  size_t num_unended = 0;
  for (size_t c = 0; c < num_candidates && num_unended < beam; ++c) {
    const auto& candidate = candidates[c];
    const bool ends = candidate.id == kEosId;
    // An ending counts only if it ranks among the first `beam` candidates, as a live hypothesis must: so beam 1 is greedy search.
    if (ends && c >= beam) continue;
    Live continued = live_[static_cast<size_t>(candidate.parent)];
    continued.log_probability = candidate.log_probability;
    if (nodes != nullptr) {
      continued.node = first_node + static_cast<int32_t>(c);
      nodes[c].fate = ends ? SearchTrace::Fate::kEnded : SearchTrace::Fate::kLive;
    }
    if (options_.want_attention) continued.step_rows.push_back(static_cast<int32_t>(first_row) + candidate.parent);
    if (ends) {
      ended_.push_back(ended(continued, false));
      continue;
    }
    continued.ids.push_back(candidate.id);
    ++num_unended;
    if (num_generated(continued) >= max_length_) {
      ended_.push_back(ended(continued, true));
      if (nodes != nullptr) nodes[c].fate = SearchTrace::Fate::kEnded;
    } else {
      next.push_back(std::move(continued));
      parents_.push_back(candidate.parent);
    }
  }
  live_ = std::move(next);
  done_ = live_.empty() || is_decided();
}

bool SentenceBeam::is_decided() const {
  const auto wanted = static_cast<size_t>(options_.n_best);
  if (ended_.size() < wanted) return false;
  if (static_cast<double>(ended_.size()) >= options_.patience * static_cast<double>(options_.beam)) return true;
  // A live hypothesis cannot gain probability. At best it loses none and grows to the maximum length, where the normalisation costs least.
  double best_live = live_[0].log_probability;
  for (const auto& hypothesis : live_) best_live = std::max(best_live, hypothesis.log_probability);
  const double attainable = normalized_score(best_live, max_length_, options_.length_penalty);
  return static_cast<size_t>(
             std::count_if(ended_.begin(), ended_.end(), [&](const Ended& e) { return e.hypothesis.score >= attainable; })) >= wanted;
}

std::vector<SentenceBeam::Ended> SentenceBeam::take_best() {
  for (auto* hypotheses : {&ended_, &stuck_})
    std::stable_sort(hypotheses->begin(), hypotheses->end(),
                     [](const Ended& a, const Ended& b) { return a.hypothesis.score > b.hypothesis.score; });
  std::move(stuck_.begin(), stuck_.end(), std::back_inserter(ended_));
  if (trace_) trace_->mark_best(ended_.front().node);
  if (ended_.size() > static_cast<size_t>(options_.n_best)) ended_.resize(static_cast<size_t>(options_.n_best));
  return std::move(ended_);
}

}  // namespace attnzoo
