#include "eval/search.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/special_tokens.h"
#include "eval/batch_search.h"

namespace attnzoo {
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

void search(const InferenceModel& model, const SearchOptions& options, const SearchFeed& feed, int64_t num_sentences,
            torch::Device device) {
  if (const auto problems = options.problems(); !problems.empty()) fail<ConfigError>("search: {}", fmt::join(problems, "; "));
  const at::NoGradGuard no_grad;
  // Calls skip autograd's dispatch, which saves a fifth of a step's time at batch 1. InferenceMode would too, but a model may cache a
  // tensor during a search that training needs later.
  const at::AutoDispatchBelowAutograd below_autograd;
  BatchSearch(model, options, feed, num_sentences, device).run();
}

std::vector<std::vector<Hypothesis>> search(const InferenceModel& model, const torch::Tensor& source_BS, const SearchOptions& options,
                                            std::span<const SearchStart> starts) {
  const auto ids_BS = source_BS.to(torch::kCPU).contiguous();
  const int64_t num_sentences = source_BS.size(0), width = source_BS.size(1);
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(num_sentences));
  const auto next = [&, done = false](size_t) mutable {
    std::vector<SearchText> texts;
    for (int64_t b = 0; b < num_sentences && !done; ++b) {
      const auto* row = ids_BS.const_data_ptr<int64_t>() + b * width;
      texts.push_back({{row, std::find(row, row + width, int64_t{kPadId})},
                       starts.empty() ? SearchStart{{}, static_cast<uint64_t>(b)} : starts[static_cast<size_t>(b)]});
    }
    done = true;
    return texts;
  };
  const auto take = [&](size_t text, std::vector<Hypothesis> hypotheses) { results[text] = std::move(hypotheses); };
  search(model, options, {next, take}, std::max<int64_t>(num_sentences, 1), source_BS.device());
  return results;
}

}  // namespace attnzoo
