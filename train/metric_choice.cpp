#include "train/metric_choice.h"

#include <algorithm>
#include <span>

#include "data/error.h"
#include "data/utf8.h"
#include "train/metrics.h"
#include "train/uncut_text.h"

namespace attnzoo {
namespace {

// The validation lines that are decoded.
std::span<const std::string> decoded_lines(const std::vector<std::string>& lines, const TrainConfig& config) {
  const auto cap = static_cast<size_t>(config.valid_decode.sentences);
  return std::span(lines).first(cap > 0 ? std::min(cap, lines.size()) : lines.size());
}

bool all_blank(std::span<const std::string> lines) { return std::ranges::all_of(lines, is_blank); }

}  // namespace

MetricChoice choose_metrics(const TrainConfig& config, const PreparedData& data, bool is_classifier,
                            const std::function<void(const std::string&)>& say) {
  const auto &best = config.best_metric, &early = config.early_stopping.metric;
  const auto choice = [&](const std::string& suitable) {
    const auto chosen = best == kAutoMetric ? suitable : best;
    return MetricChoice{chosen, early == kAutoMetric ? chosen : early};
  };
  const bool is_auto = best == kAutoMetric || (early == kAutoMetric && config.early_stopping.patience > 0);
  const std::string usual = is_classifier ? "accuracy" : "bleu";
  if (!config.decodes()) return choice("loss");
  if (!data.valid) return choice(usual);

  const auto sources = decoded_lines(data.valid_source, config), references = decoded_lines(data.valid_target, config);
  const char* instead = is_auto ? "; the loss decides instead" : "";
  if (all_blank(references)) {
    const bool stops_early = config.early_stopping.patience > 0;
    for (const auto& [key, metric] : {std::pair{"best_metric", best}, {"early_stopping.metric", stops_early ? early : kAutoMetric}})
      if (metric != kAutoMetric && metric != "loss")
        fail<ConfigError>(
            "train.{}: '{}' has nothing to measure: all {} validation references are blank; use 'loss', or other text in data.valid", key,
            metric, references.size());
    say(fmt::format("validation: all {} references are blank, so translations cannot be scored{}", references.size(), instead));
    return choice("loss");
  }
  if (all_blank(sources)) {
    say(fmt::format("validation: all {} sources are blank, so the score of outputs says nothing{}", sources.size(), instead));
    return choice("loss");
  }
  if (is_classifier) return choice(usual);
  const auto names_bleu = best == "bleu" || (config.early_stopping.patience > 0 && early == "bleu");
  if (const auto length = mean_word_length_if_uncut(references)) {
    say(
        fmt::format("validation: the references are written without spaces between words ({:.1f} characters per word of BLEU's tokeniser "
                    "13a), so BLEU says little{}{}",
                    *length, is_auto ? "; chrF decides instead" : "",
                    names_bleu ? "; train.best_metric or train.early_stopping names it: 'chrf' or 'auto' suits this text" : ""));
    return choice("chrf");
  }
  return choice(usual);
}

}  // namespace attnzoo
