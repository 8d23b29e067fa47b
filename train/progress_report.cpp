#include "train/progress_report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/progress.h"

namespace attnzoo {

namespace {

double per_second(int64_t count, double seconds) { return seconds > 0 ? static_cast<double>(count) / seconds : std::nan(""); }
std::string rate_text(double rate) { return std::isfinite(rate) ? short_count(rate) + "/s" : "-"; }

}  // namespace

double Report::source_rate() const { return per_second(num_source_tokens, seconds); }
double Report::target_rate() const { return per_second(num_target_tokens, seconds); }

nlohmann::json Report::to_json() const {
  return {{"event", "train"},
          {"step", step},
          {"epoch", epoch},
          {"loss", loss},
          {"perplexity", perplexity},
          {"learning_rate", learning_rate},
          {"gradient_norm", gradient_norm},
          {"clipped", num_clipped},
          {"skipped", num_skipped},
          {"batches", num_batches},
          {"source_tokens", num_source_tokens},
          {"target_tokens", num_target_tokens},
          {"target_tokens_per_s", target_rate()},
          {"elapsed_s", elapsed_s}};
}

std::string Report::text() const {
  std::string line = max_steps > 0 ? fmt::format("step {}/{}", step, max_steps) : fmt::format("step {}", step);
  line += fmt::format("  epoch {}  ", epoch);
  line += std::isfinite(loss) ? fmt::format("loss {:.3f}{}  ppl {:.2f}", loss, smoothed ? " (smoothed)" : "", perplexity)
                              : std::string("no finite step");
  line += fmt::format("  lr {:.1e}  src {}  tgt {}", learning_rate, rate_text(source_rate()), rate_text(target_rate()));
  if (eta_s >= 0) line += fmt::format("  ETA {}", short_duration(eta_s));
  return line;
}

double estimate_remaining(const TrainConfig& config, const TrainState& state, double seconds_per_step, int64_t epoch_batches) {
  std::vector<double> limits;
  const bool has_pace = std::isfinite(seconds_per_step);
  if (has_pace && config.max_steps > 0) limits.push_back(static_cast<double>(config.max_steps - state.step) * seconds_per_step);
  if (has_pace && config.max_epochs > 0 && epoch_batches > 0) {
    // Epochs differ by few batches; the current one stands for all.
    const double batches =
        static_cast<double>(config.max_epochs) * static_cast<double>(epoch_batches) - static_cast<double>(state.stream_position);
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
  // Samples of every validation would hide the scores; all of them are in log.jsonl.
  if (!is_best) return text;
  for (const auto& sample : result.samples)
    text += fmt::format("\n  source    {}\n  reference {}\n  output    {}", sample.source, sample.reference, sample.output);
  return text;
}

std::string summary_text(const TrainState& state, bool reads_source, double flops, double matmul_rate) {
  const auto target = short_count(static_cast<double>(state.num_target_tokens));
  const auto tokens = reads_source
                          ? fmt::format("{} source and {} target tokens", short_count(static_cast<double>(state.num_source_tokens)), target)
                          : target + " tokens";
  std::string text = fmt::format("trained {} on {} in {}: {}", counted(state.step, "step"), tokens, short_duration(state.elapsed_s),
                                 state.time.text(state.elapsed_s));
  const double seconds = state.time.training_seconds();
  if (matmul_rate > 0 && seconds > 0)
    text += fmt::format("\n  training reached {:.1f} GFLOP/s, {:.0f}% of the {:.1f} GFLOP/s that matrix products alone reach here",
                        flops / seconds / 1e9, 100 * flops / seconds / matmul_rate, matmul_rate / 1e9);
  if (state.num_nonfinite > 0)
    text += fmt::format("\n  steps skipped because their loss or gradient was not finite: {}", state.num_nonfinite);
  return text;
}

}  // namespace attnzoo
