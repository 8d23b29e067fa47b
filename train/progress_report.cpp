#include "train/progress_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/progress.h"

namespace attnzoo {

nlohmann::json Report::to_json() const {
  return {{"event", "train"},
          {"step", step},
          {"epoch", epoch},
          {"loss", loss},
          {"perplexity", perplexity},
          {"learning_rate", learning_rate},
          {"gradient_norm", gradient_norm},
          {"batches", num_batches},
          {"source_tokens", num_source_tokens},
          {"target_tokens", num_target_tokens},
          {"target_tokens_per_s", target_rate()},
          {"elapsed_s", elapsed_s}};
}

std::string Report::text() const {
  std::string line = max_steps > 0 ? fmt::format("step {}/{}", step, max_steps) : fmt::format("step {}", step);
  line += fmt::format("  epoch {}  loss {:.3f}  ppl {:.2f}  lr {:.1e}  src {}/s  tgt {}/s", epoch, loss, perplexity, learning_rate,
                      short_count(source_rate()), short_count(target_rate()));
  if (eta_s >= 0) line += fmt::format("  ETA {}", short_duration(eta_s));
  return line;
}

double estimate_remaining(const TrainConfig& config, const TrainState& state, double seconds_per_step, int64_t epoch_batches) {
  std::vector<double> limits;
  if (config.max_steps > 0) limits.push_back(static_cast<double>(config.max_steps - state.step) * seconds_per_step);
  if (config.max_epochs > 0 && epoch_batches > 0) {
    // Epochs differ by few batches; the one at hand stands for all.
    const auto batches = static_cast<double>(config.max_epochs * epoch_batches - state.stream_position);
    limits.push_back(batches / static_cast<double>(config.accumulate) * seconds_per_step);
  }
  if (config.max_time > 0) limits.push_back(config.max_time - state.elapsed_s);
  return limits.empty() ? -1 : std::max(0.0, *std::min_element(limits.begin(), limits.end()));
}

std::string validation_text(const ValidationResult& result, int64_t step, bool is_best) {
  std::string text =
      fmt::format("validation at step {}: loss {:.3f}, perplexity {:.2f}", step, result.metric("loss"), result.scores.perplexity());
  if (result.bleu) text += fmt::format(", BLEU {:.2f}", result.bleu->score);
  if (result.chrf) text += fmt::format(", chrF {:.2f}", result.chrf->score);
  if (result.labels) text += fmt::format(", accuracy {:.2f}%, macro-F1 {:.2f}%", result.metric("accuracy"), result.metric("macro_f1"));
  text += fmt::format(" ({})", short_duration(result.seconds));
  if (is_best) text += ", the best so far";
  for (const auto& sample : result.samples)
    text += fmt::format("\n  source    {}\n  reference {}\n  output    {}", sample.source, sample.reference, sample.output);
  return text;
}

std::string summary_text(const TrainState& state, double flops, double matmul_rate) {
  std::string text = fmt::format(
      "trained {} steps on {} source and {} target tokens in {}: {}", state.step, short_count(static_cast<double>(state.num_source_tokens)),
      short_count(static_cast<double>(state.num_target_tokens)), short_duration(state.elapsed_s), state.time.text(state.elapsed_s));
  const double seconds = state.time.training_seconds();
  if (matmul_rate > 0 && seconds > 0)
    text += fmt::format("\n  training reached {:.1f} GFLOP/s, {:.0f}% of the {:.1f} GFLOP/s that matrix products alone reach here",
                        flops / seconds / 1e9, 100 * flops / seconds / matmul_rate, matmul_rate / 1e9);
  if (state.num_nonfinite > 0) text += fmt::format("\n  {} steps were skipped because their gradient was not finite", state.num_nonfinite);
  return text;
}

}  // namespace attnzoo
