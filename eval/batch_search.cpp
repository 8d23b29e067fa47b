#include "eval/batch_search.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "data/special_tokens.h"
#include "eval/label_logits.h"
#include "eval/row_top_k.h"
#include "models/copying.h"

namespace attnzoo {
namespace {

// Each sample is a row of its own with one live hypothesis.
SearchOptions of_one_sample(SearchOptions options) {
  if (!options.sample) return options;
  options.beam = options.n_best = 1;
  options.patience = 1;
  options.want_trace = false;
  return options;
}

// When to take in others: the more at once, the fewer calls of the encoder and copies of the state; the fewer, the fuller the rows.
constexpr size_t kShareToRefill = 4;

}  // namespace

BatchSearch::BatchSearch(const InferenceModel& model, const SearchOptions& options, const SearchFeed& feed, int64_t num_sentences,
                         torch::Device device)
    : model_(model),
      options_(of_one_sample(options)),
      num_samples_(options.sample ? options.n_best : 1),
      feed_(feed),
      num_sentences_(static_cast<size_t>(num_sentences)),
      device_(device) {}

void BatchSearch::run() {
  for (fill(); !active_.empty(); fill()) step();
}

int64_t BatchSearch::max_length(int64_t num_source_tokens) const {
  if (model_->says_label()) return 1;
  const double by_ratio = options_.max_length_ratio * static_cast<double>(std::max<int64_t>(num_source_tokens, 0)) + 10;
  const bool by_source = model_->reads_source() && by_ratio < static_cast<double>(options_.max_length);
  return by_source ? std::max(static_cast<int64_t>(by_ratio), options_.min_length) : options_.max_length;
}

void BatchSearch::fill() {
  // While some are searched, others may only take the places of those that are done.
  const auto per_text = static_cast<size_t>(num_samples_), num_active = (active_.size() + per_text - 1) / per_text;
  const size_t num_places = active_.empty() ? num_sentences_ : static_cast<size_t>(memory_.length_B.size(0)) / per_text;
  const size_t room = num_places - num_active;
  if (!active_.empty() && (!model_->joins() || room * kShareToRefill < num_places)) return;
  if (!no_more_ && waiting_.size() < room) {
    auto texts = feed_.next(room - waiting_.size());
    no_more_ = texts.empty();
    waiting_.insert(waiting_.end(), std::make_move_iterator(texts.begin()), std::make_move_iterator(texts.end()));
  }
  const auto wider = [](const SearchText& a, const SearchText& b) { return a.source.size() < b.source.size(); };
  const auto widest = std::ranges::max_element(waiting_, wider);
  if (widest == waiting_.end()) return;
  const auto width = static_cast<int64_t>(widest->source.size());
  if (!active_.empty() && (waiting_.size() > room || width > memory_.keep_BS.size(1))) return;
  admit(waiting_, width);
  waiting_.clear();
}

void BatchSearch::admit(const std::vector<SearchText>& texts, int64_t width) {
  auto source_BS = at::full({static_cast<int64_t>(texts.size()) * num_samples_, width}, kPadId, torch::kLong);
  std::vector<Sentence> sentences;
  for (const auto& text : texts) {
    for (int64_t sample = 0; sample < num_samples_; ++sample) {
      auto* row = source_BS.mutable_data_ptr<int64_t>() + static_cast<int64_t>(sentences.size()) * width;
      std::copy(text.source.begin(), text.source.end(), row);
      const auto length = static_cast<int64_t>(text.source.size());
      sentences.push_back({num_texts_, static_cast<uint64_t>(sample), text.start.text, length, num_steps_,
                           SentenceBeam(options_, max_length(length - 1), text.start.prefix, model_->says_label())});
    }
    ++num_texts_;
  }
  auto memory = model_->encode(source_BS.to(device_));
  auto state = model_->start(memory);
  if (active_.empty()) {
    memory_ = std::move(memory);
    state_ = std::move(state);
  } else {
    // In the memory they take the places of sentences that are done.
    std::vector<bool> taken(static_cast<size_t>(memory_.length_B.size(0)));
    const auto sentence_N = state_.sentence_N.cpu();
    for (int64_t n = 0; n < sentence_N.size(0); ++n) taken[static_cast<size_t>(sentence_N.const_data_ptr<int64_t>()[n])] = true;
    std::vector<int64_t> places;
    for (size_t b = 0; b < taken.size() && places.size() < sentences.size(); ++b)
      if (!taken[b]) places.push_back(static_cast<int64_t>(b));
    state.sentence_N = to_device(places);
    memory_.replace(state.sentence_N, memory);
    state_ = state_.joined(state);
  }
  active_.insert(active_.end(), std::make_move_iterator(sentences.begin()), std::make_move_iterator(sentences.end()));
}

// One token per row, drawn with a random number that depends on the text, the sample and the step, but not on the batch.
void BatchSearch::draw(const torch::Tensor& logits_NV) {
  const auto logits = logits_NV.to(torch::kCPU, torch::kFloat).contiguous();
  best_.resize(banned_.size());
  size_t row = 0;
  for (const auto& sentence : active_) {
    const auto step = static_cast<uint64_t>(sentence.beam.live()[0].ids.size());
    const double uniform = random_uniform(static_cast<uint64_t>(options_.seed), sentence.random_text, sentence.sample, step);
    const auto token = sample_token(logits.const_data_ptr<float>() + static_cast<int64_t>(row) * logits.size(1), logits.size(1),
                                    banned_[row], options_.sampling, uniform);
    best_[row].clear();
    if (token) best_[row].push_back(*token);
    ++row;
  }
}

void BatchSearch::step() {
  std::vector<int64_t> previous;
  for (const auto& sentence : active_)
    for (const auto& hypothesis : sentence.beam.live()) previous.push_back(hypothesis.ids.empty() ? kBosId : hypothesis.ids.back());
  auto output =
      model_->step(memory_, state_, to_device(previous), options_.want_attention ? AttentionRequest::kMean : AttentionRequest::kNone);
  // Positions of the padded source that name no word of this sentence: how many there are depends on the batch.
  if (model_->copies()) output.logits_NV.masked_fill_(output.logits_NV < kImpossible, -std::numeric_limits<float>::infinity());
  if (model_->says_label()) output.logits_NV = label_logits(output.logits_NV);
  if (options_.want_attention) attention_.push_back(output.attention_NS.to(torch::kCPU, torch::kFloat));
  ++num_steps_;

  banned_.resize(previous.size());
  size_t row = 0;
  for (const auto& sentence : active_)
    for (size_t h = 0; h < sentence.beam.live().size(); ++h) sentence.beam.banned_after(h, banned_[row++]);
  if (options_.sample)
    draw(output.logits_NV);
  else
    top_k_of_rows(output.logits_NV, std::max(2 * options_.beam, options_.want_trace ? SearchTrace::kNumLikeliest : 0), banned_, best_);

  std::vector<int64_t> kept_rows;
  std::vector<Sentence> still_active;
  row = 0;
  for (auto& sentence : active_) {
    const size_t num_live = sentence.beam.live().size();
    sentence.beam.advance(std::span(best_).subspan(row, num_live), static_cast<int64_t>(row));
    for (size_t i = 0; !sentence.beam.done() && i < sentence.beam.parents().size(); ++i)
      kept_rows.push_back(static_cast<int64_t>(row) + sentence.beam.parents()[i]);
    if (sentence.beam.done())
      finish(sentence);
    else
      still_active.push_back(std::move(sentence));
    row += num_live;
  }
  active_ = std::move(still_active);
  int64_t oldest = num_steps_;
  for (const auto& sentence : active_) oldest = std::min(oldest, sentence.first_step);
  while (static_cast<int64_t>(attention_.size()) > num_steps_ - oldest) attention_.pop_front();
  if (active_.empty()) return;
  // Most steps of a greedy search keep every row in its place: then the state needs no copy.
  bool in_place = kept_rows.size() == previous.size();
  for (size_t i = 0; in_place && i < kept_rows.size(); ++i) in_place = kept_rows[i] == static_cast<int64_t>(i);
  state_ = in_place ? std::move(output.state) : output.state.select(to_device(kept_rows));
}

void BatchSearch::finish(Sentence& sentence) {
  std::vector<Hypothesis> found;
  for (auto& ended : sentence.beam.take_best()) {
    if (options_.want_attention)
      ended.hypothesis.attention_TS = gather_attention(ended.step_rows, sentence.first_step, sentence.source_length);
    found.push_back(std::move(ended.hypothesis));
  }
  found.front().trace = sentence.beam.take_trace();
  if (num_samples_ == 1) return feed_.take(sentence.text, std::move(found));
  auto& samples = samples_[sentence.text];
  samples.hypotheses.resize(static_cast<size_t>(num_samples_));
  samples.hypotheses[sentence.sample] = std::move(found.front());
  if (++samples.num_done < num_samples_) return;
  auto hypotheses = std::move(samples.hypotheses);
  samples_.erase(sentence.text);
  std::ranges::stable_sort(hypotheses, std::greater(), &Hypothesis::score);
  feed_.take(sentence.text, std::move(hypotheses));
}

torch::Tensor BatchSearch::gather_attention(const std::vector<int32_t>& step_rows, int64_t first_step, int64_t source_length) const {
  const auto first = static_cast<size_t>(first_step - (num_steps_ - static_cast<int64_t>(attention_.size())));
  std::vector<torch::Tensor> rows;
  for (size_t t = 0; t < step_rows.size(); ++t) rows.push_back(attention_[first + t][step_rows[t]].narrow(0, 0, source_length));
  return rows.empty() ? at::empty({0, source_length}) : at::stack(rows);
}

torch::Tensor BatchSearch::to_device(const std::vector<int64_t>& values) const { return at::tensor(values, torch::kLong).to(device_); }

}  // namespace attnzoo
