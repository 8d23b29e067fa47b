#include "eval/search.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "data/error.h"
#include "data/special_tokens.h"
#include "eval/row_top_k.h"
#include "eval/sentence_beam.h"
#include "models/copying.h"

namespace attnzoo {
namespace {

// One call of search(): what passes from step to step.
class BatchSearch {
 public:
  BatchSearch(const InferenceModel& model, const torch::Tensor& source_BS, const SearchOptions& options,
              std::span<const SearchStart> starts, size_t num_samples = 1)
      : model_(model),
        options_(options),
        num_samples_(num_samples),
        memory_(model->encode(source_BS)),
        state_(model->start(memory_)),
        device_(source_BS.device()) {
    const auto length_B = source_BS.ne(kPadId).sum(1).cpu();
    for (int64_t b = 0; b < source_BS.size(0); ++b) {
      source_lengths_.push_back(length_B.const_data_ptr<int64_t>()[b]);
      starts_.push_back(starts.empty() ? SearchStart{} : starts[static_cast<size_t>(b)]);
      beams_.emplace_back(options, max_length(source_lengths_.back() - 1), starts_.back().prefix, model->says_label());
    }
    active_.resize(beams_.size());
    std::iota(active_.begin(), active_.end(), size_t{0});
  }

  std::vector<std::vector<Hypothesis>> run() {
    while (!active_.empty()) step();
    std::vector<std::vector<Hypothesis>> results(beams_.size());
    for (size_t b = 0; b < beams_.size(); ++b) {
      for (auto& ended : beams_[b].take_best()) {
        if (options_.want_attention) ended.hypothesis.attention_TS = gather_attention(ended.step_rows, source_lengths_[b]);
        results[b].push_back(std::move(ended.hypothesis));
      }
      results[b].front().trace = beams_[b].take_trace();
    }
    return results;
  }

 private:
  int64_t max_length(int64_t num_source_tokens) const {
    if (model_->says_label()) return 1;
    const double by_ratio = options_.max_length_ratio * static_cast<double>(std::max<int64_t>(num_source_tokens, 0)) + 10;
    const bool by_source = model_->reads_source() && by_ratio < static_cast<double>(options_.max_length);
    return by_source ? std::max(static_cast<int64_t>(by_ratio), options_.min_length) : options_.max_length;
  }

  // One token per row, drawn with a random number that depends on the text, the sample and the step, but not on the batch.
  void draw(const torch::Tensor& logits_NV) {
    const auto logits = logits_NV.to(torch::kCPU, torch::kFloat).contiguous();
    best_.resize(banned_.size());
    size_t row = 0;
    for (const size_t b : active_) {
      const auto step = static_cast<uint64_t>(beams_[b].live()[0].ids.size());
      const double uniform = random_uniform(static_cast<uint64_t>(options_.seed), starts_[b].text, b % num_samples_, step);
      const auto token = sample_token(logits.const_data_ptr<float>() + static_cast<int64_t>(row) * logits.size(1), logits.size(1),
                                      banned_[row], options_.sampling, uniform);
      best_[row].clear();
      if (token) best_[row].push_back(*token);
      ++row;
    }
  }

  void step() {
    std::vector<int64_t> previous;
    for (const size_t b : active_) {
      for (const auto& hypothesis : beams_[b].live()) previous.push_back(hypothesis.ids.empty() ? kBosId : hypothesis.ids.back());
    }
    auto output =
        model_->step(memory_, state_, to_device(previous), options_.want_attention ? AttentionRequest::kMean : AttentionRequest::kNone);
    // Positions of the padded source that name no word of this sentence: how many there are depends on the batch.
    if (model_->copies()) output.logits_NV.masked_fill_(output.logits_NV < kImpossible, -std::numeric_limits<float>::infinity());
    if (options_.want_attention) attention_.push_back(output.attention_NS.to(torch::kCPU, torch::kFloat));

    banned_.resize(previous.size());
    size_t row = 0;
    for (const size_t b : active_) {
      for (size_t h = 0; h < beams_[b].live().size(); ++h) beams_[b].banned_after(h, banned_[row++]);
    }
    if (options_.sample)
      draw(output.logits_NV);
    else
      top_k_of_rows(output.logits_NV, std::max(2 * options_.beam, options_.want_trace ? SearchTrace::kNumLikeliest : 0), banned_, best_);

    std::vector<int64_t> kept_rows;
    std::vector<size_t> still_active;
    row = 0;
    for (const size_t b : active_) {
      const size_t num_live = beams_[b].live().size();
      beams_[b].advance(std::span(best_).subspan(row, num_live), static_cast<int64_t>(row));
      if (!beams_[b].done()) {
        still_active.push_back(b);
        for (const int32_t parent : beams_[b].parents()) kept_rows.push_back(static_cast<int64_t>(row) + parent);
      }
      row += num_live;
    }
    active_ = std::move(still_active);
    if (active_.empty()) return;
    // Most steps of a greedy search keep every row in its place: then the state needs no copy.
    bool in_place = kept_rows.size() == previous.size();
    for (size_t i = 0; in_place && i < kept_rows.size(); ++i) in_place = kept_rows[i] == static_cast<int64_t>(i);
    state_ = in_place ? std::move(output.state) : output.state.select(to_device(kept_rows));
  }

  torch::Tensor to_device(const std::vector<int64_t>& values) const { return at::tensor(values, torch::kLong).to(device_); }

  torch::Tensor gather_attention(const std::vector<int32_t>& step_rows, int64_t source_length) const {
    std::vector<torch::Tensor> rows;
    for (size_t t = 0; t < step_rows.size(); ++t) rows.push_back(attention_[t][step_rows[t]].narrow(0, 0, source_length));
    return rows.empty() ? at::empty({0, source_length}) : at::stack(rows);
  }

  const InferenceModel& model_;
  const SearchOptions& options_;
  const size_t num_samples_;  // consecutive rows that belong to one text
  const Memory memory_;
  State state_;
  const torch::Device device_;
  std::vector<int64_t> source_lengths_;  // with </s>
  std::vector<SearchStart> starts_;
  std::vector<SentenceBeam> beams_;
  std::vector<size_t> active_;            // the sentences that are not done, in the order of their rows
  std::vector<torch::Tensor> attention_;  // [N, S] of each step
  std::vector<std::vector<int32_t>> banned_;
  std::vector<std::vector<RankedToken>> best_;
};

}  // namespace

std::vector<std::string> SearchOptions::problems() const {
  std::vector<std::string> found;
  const auto check = [&](const char* field, auto value, auto bounds) {
    if (!bounds.contain(value)) found.push_back(fmt::format("{}: {}, got {}", field, bounds.text(), value));
  };
  using Bounds = SearchBounds;
  check("beam", beam, Bounds::kBeam);
  check("n_best", n_best, Bounds::kBeam);
  if (n_best > beam && !sample) found.push_back(fmt::format("n_best: must be at most beam ({}), got {}", beam, n_best));
  check("length_penalty", length_penalty, Bounds::kLengthPenalty);
  check("max_length", max_length, Bounds::kLength);
  check("min_length", min_length, Bounds::kMinLength);
  if (min_length > max_length) found.push_back(fmt::format("min_length: must be at most max_length ({}), got {}", max_length, min_length));
  check("max_length_ratio", max_length_ratio, Bounds::kLengthRatio);
  check("no_repeat_ngram", no_repeat_ngram, Bounds::kNgram);
  check("patience", patience, Bounds::kPatience);
  check("temperature", sampling.temperature, Bounds::kTemperature);
  check("top_k", sampling.top_k, Bounds::kTopK);
  check("top_p", sampling.top_p, Bounds::kTopP);
  return found;
}

std::vector<std::vector<Hypothesis>> search(const InferenceModel& model, const torch::Tensor& source_BS, const SearchOptions& options,
                                            std::span<const SearchStart> starts) {
  if (const auto problems = options.problems(); !problems.empty()) fail<ConfigError>("search: {}", fmt::join(problems, "; "));
  if (source_BS.size(0) == 0) return {};
  const at::NoGradGuard no_grad;
  // Calls skip autograd's dispatch, which saves a fifth of a step's time at batch 1. InferenceMode would too, but a model may cache a
  // tensor during a search that training needs later.
  const at::AutoDispatchBelowAutograd below_autograd;
  if (!options.sample) return BatchSearch(model, source_BS, options, starts).run();

  // Each sample is a row of its own with one live hypothesis.
  const auto num_samples = static_cast<size_t>(options.n_best);
  auto of_one = options;
  of_one.beam = of_one.n_best = 1;
  of_one.patience = 1;
  of_one.want_trace = false;
  std::vector<SearchStart> repeated;
  for (int64_t b = 0; b < source_BS.size(0); ++b)
    repeated.insert(repeated.end(), num_samples,
                    starts.empty() ? SearchStart{{}, static_cast<uint64_t>(b)} : starts[static_cast<size_t>(b)]);
  auto samples = BatchSearch(model, source_BS.repeat_interleave(options.n_best, 0), of_one, repeated, num_samples).run();
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(source_BS.size(0)));
  for (size_t i = 0; i < samples.size(); ++i) results[i / num_samples].push_back(std::move(samples[i].front()));
  for (auto& hypotheses : results)
    std::stable_sort(hypotheses.begin(), hypotheses.end(), [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  return results;
}

}  // namespace attnzoo
