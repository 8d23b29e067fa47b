#include "eval/evaluation_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/page.h"
#include "data/vocabulary_tokenizer.h"
#include "eval/classification.h"

namespace attnzoo {

namespace pages {
extern const std::string_view kEvaluation;
}

namespace {

using nlohmann::json;

json number(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

// Scores of one metric: every system's with its interval, and the test of each against the first.
struct MetricSamples {
  std::string name;
  std::vector<double> scores;
  std::vector<std::vector<double>> samples;
};

json metric_json(const MetricSamples& metric) {
  json rows = json::array();
  for (size_t s = 0; s < metric.scores.size(); ++s) {
    const auto interval = interval_of(metric.samples[s]);
    json row = {{"score", metric.scores[s]},
                {"mean", interval.mean},
                {"low", interval.low},
                {"high", interval.high},
                {"half_width", interval.half_width()}};
    if (s > 0) {
      row["difference"] = metric.scores[s] - metric.scores[0];
      row["p_value"] = paired_p_value(metric.samples[0], metric.samples[s], metric.scores[0], metric.scores[s]);
    }
    rows.push_back(std::move(row));
  }
  return {{"name", metric.name}, {"systems", std::move(rows)}};
}

// Adds a system to a metric that is computed from sums over sentences.
template <class Counts, class Add, class Score>
void add_system(MetricSamples& metric, const std::vector<Counts>& sentences, const Counts& zero, const BootstrapOptions& options,
                const Add& add, const Score& score) {
  Counts total = zero;
  for (const auto& sentence : sentences) add(total, sentence, 1);
  metric.scores.push_back(score(total));
  metric.samples.push_back(bootstrap_scores(static_cast<int64_t>(sentences.size()), options, [&](const std::vector<uint32_t>& times) {
    Counts sum = zero;
    for (size_t i = 0; i < times.size(); ++i)
      if (times[i] > 0) add(sum, sentences[i], times[i]);
    return score(sum);
  }));
}

// Words of a source: 1 to 4, 5 to 9, ..
constexpr int64_t kLengths[] = {0, 5, 10, 15, 20, 30, 40, 60};

json by_length(const std::vector<std::vector<BleuCounts>>& systems, std::span<const std::string> sources, const BleuOptions& options) {
  const size_t num_buckets = std::size(kLengths);
  std::vector<size_t> bucket(sources.size());
  std::vector<int64_t> counts(num_buckets);
  for (size_t i = 0; i < sources.size(); ++i) {
    const int64_t length = num_words(sources[i]);
    while (bucket[i] + 1 < num_buckets && length >= kLengths[bucket[i] + 1]) ++bucket[i];
    ++counts[bucket[i]];
  }
  json result = {{"names", json::array()}, {"counts", json::array()}, {"bleu", json::array()}};
  std::vector<size_t> used;
  for (size_t k = 0; k < num_buckets; ++k) {
    if (counts[k] == 0) continue;
    used.push_back(k);
    result["names"].push_back(k + 1 < num_buckets ? fmt::format("{}-{}", std::max<int64_t>(kLengths[k], 1), kLengths[k + 1] - 1)
                                                  : fmt::format("{}+", kLengths[k]));
    result["counts"].push_back(counts[k]);
  }
  for (const auto& sentences : systems) {
    std::vector<BleuCounts> totals(num_buckets);
    for (size_t i = 0; i < sentences.size(); ++i) totals[bucket[i]].add(sentences[i]);
    json scores = json::array();
    for (const size_t k : used) scores.push_back(bleu_of(totals[k], options).score);
    result["bleu"].push_back(std::move(scores));
  }
  return result;
}

json names_of(std::span<const EvaluatedSystem> systems) {
  json names = json::array();
  for (const auto& system : systems) names.push_back(system.name);
  return names;
}

json outputs_of(std::span<const EvaluatedSystem> systems) {
  json outputs = json::array();
  for (const auto& system : systems) outputs.push_back(system.hypotheses);
  return outputs;
}

}  // namespace

json translation_report(std::span<const EvaluatedSystem> systems, std::span<const std::string> sources,
                        std::span<const std::string> references, const BleuOptions& bleu, const ChrfOptions& chrf,
                        const WordCounts* training, const std::string& why_no_training, const BootstrapOptions& bootstrap) {
  MetricSamples bleu_samples{"BLEU", {}, {}}, chrf_samples{"chrF", {}, {}};
  std::vector<std::vector<BleuCounts>> counts;
  json details = json::array(), sentence_scores = json::array();
  for (const auto& system : systems) {
    counts.push_back(bleu_counts(system.hypotheses, references, bleu));
    add_system(
        bleu_samples, counts.back(), BleuCounts{}, bootstrap,
        [](BleuCounts& sum, const BleuCounts& one, int64_t times) { sum.add(one, times); },
        [&](const BleuCounts& sum) { return bleu_of(sum, bleu).score; });
    const ChrfCounts zero(static_cast<size_t>(chrf.char_order + chrf.word_order));
    add_system(chrf_samples, chrf_counts(system.hypotheses, references, chrf), zero, bootstrap, add_chrf_counts,
               [&](const ChrfCounts& sum) { return chrf_of(sum, chrf).score; });
    chrf_samples.name = chrf_of(zero, chrf).name;
    BleuCounts total;
    json scores = json::array();
    for (const auto& sentence : counts.back()) {
      total.add(sentence);
      scores.push_back(std::round(100 * sentence_bleu(sentence)) / 100);
    }
    sentence_scores.push_back(std::move(scores));
    const auto score = bleu_of(total, bleu);
    const auto shares = word_shares(system.hypotheses, sources);
    details.push_back({{"bleu_text", score.text()},
                       {"length_ratio", number(static_cast<double>(total.hypothesis_length) / static_cast<double>(total.reference_length))},
                       {"copied", sources.empty() ? json(nullptr) : number(shares.copied)},
                       {"repeated", number(shares.repeated)}});
  }
  json frequency = {{"why_not", why_no_training}};
  if (training != nullptr) {
    frequency = {{"names", frequency_bucket_names()}, {"references", json::array()}, {"f1", json::array()}};
    for (const auto& system : systems) {
      json values = json::array(), words = json::array();
      for (const auto& bucket : accuracy_by_frequency(system.hypotheses, references, *training)) {
        values.push_back(number(bucket.f1()));
        words.push_back(bucket.in_references);
      }
      frequency["f1"].push_back(std::move(values));
      frequency["references"] = std::move(words);
    }
  }
  return {{"kind", "evaluation"},
          {"task", "translation"},
          {"systems", names_of(systems)},
          {"bootstrap", {{"samples", bootstrap.num_samples}, {"seed", bootstrap.seed}}},
          {"metrics", {metric_json(bleu_samples), metric_json(chrf_samples)}},
          {"details", std::move(details)},
          {"by_length", sources.empty() ? by_length(counts, references, bleu) : by_length(counts, sources, bleu)},
          {"length_of", sources.empty() ? "reference" : "source"},
          {"by_frequency", std::move(frequency)},
          {"sources", sources},
          {"references", references},
          {"outputs", outputs_of(systems)},
          {"sentence_bleu", std::move(sentence_scores)}};
}

json classification_report(std::span<const EvaluatedSystem> systems, std::span<const std::string> sources,
                           std::span<const std::string> labels_of_file, const BootstrapOptions& bootstrap) {
  std::vector<std::string> references;
  for (const auto& label : labels_of_file) references.emplace_back(trimmed_label(label));
  MetricSamples accuracy{"accuracy", {}, {}};
  json labels = json::array(), confusions = json::array(), calibrations = json::array();
  for (const auto& system : systems) {
    const auto score = score_labels(system.hypotheses, references);
    std::vector<int64_t> right(references.size());
    for (size_t i = 0; i < references.size(); ++i) right[i] = system.hypotheses[i] == references[i];
    const auto percent = [&](int64_t sum) { return 100.0 * static_cast<double>(sum) / static_cast<double>(references.size()); };
    add_system(accuracy, right, int64_t{0}, bootstrap, [](int64_t& sum, int64_t one, int64_t times) { sum += one * times; }, percent);
    json rows = json::array();
    for (const auto& label : score.labels)
      rows.push_back({{"label", label.label},
                      {"texts", label.num_references},
                      {"predicted", label.num_predictions},
                      {"precision", label.precision()},
                      {"recall", label.recall()},
                      {"f1", label.f1()}});
    std::vector<std::vector<int64_t>> confusion(score.labels.size(), std::vector<int64_t>(score.labels.size()));
    for (const auto& pair : score.pairs) confusion[pair.reference][pair.prediction] = pair.num_texts;
    labels.push_back({{"rows", std::move(rows)}, {"macro_f1", number(score.macro_f1())}});
    confusions.push_back(confusion);
    // Ten ranges of confidence; the expected calibration error weighs each range's gap by its texts (Guo et al. 2017, eq. 5).
    json bins = json::array();
    double error = 0;
    for (int k = 0; !system.confidence.empty() && k < 10; ++k) {
      int64_t count = 0, correct = 0;
      double sum = 0;
      for (size_t i = 0; i < references.size(); ++i) {
        if (std::min(9, static_cast<int>(system.confidence[i] * 10)) != k) continue;
        ++count;
        correct += right[i];
        sum += system.confidence[i];
      }
      const double mean = count > 0 ? sum / static_cast<double>(count) : std::nan(""),
                   share = count > 0 ? static_cast<double>(correct) / static_cast<double>(count) : std::nan("");
      if (count > 0) error += std::abs(mean - share) * static_cast<double>(count) / static_cast<double>(references.size());
      bins.push_back({{"count", count}, {"confidence", number(mean)}, {"accuracy", number(share)}});
    }
    calibrations.push_back(system.confidence.empty() ? json(nullptr) : json{{"bins", std::move(bins)}, {"expected_error", error}});
  }
  json confidence = json::array();
  for (const auto& system : systems) confidence.push_back(system.confidence);
  return {{"kind", "evaluation"},
          {"task", "classification"},
          {"systems", names_of(systems)},
          {"bootstrap", {{"samples", bootstrap.num_samples}, {"seed", bootstrap.seed}}},
          {"metrics", {metric_json(accuracy)}},
          {"labels", std::move(labels)},
          {"confusion", std::move(confusions)},
          {"calibration", std::move(calibrations)},
          {"sources", sources},
          {"references", references},
          {"outputs", outputs_of(systems)},
          {"confidence", std::move(confidence)}};
}

json language_model_report(const std::string& name, double loss, int64_t num_tokens, const std::vector<double>& position_loss,
                           const std::vector<int64_t>& position_count) {
  json values = json::array();
  for (const double value : position_loss) values.push_back(number(value));
  return {{"kind", "evaluation"},
          {"task", "language_model"},
          {"systems", {name}},
          {"loss", loss},
          {"perplexity", std::exp(loss)},
          {"tokens", num_tokens},
          {"by_position", {{"loss", std::move(values)}, {"texts", position_count}}}};
}

std::string differences_text(const json& document) {
  std::string text;
  for (size_t s = 1; s < document["systems"].size(); ++s) {
    std::string differences;
    for (const auto& metric : document["metrics"]) {
      const auto& system = metric["systems"][s];
      differences += fmt::format("{}{} {:+.2f} (p = {:.3f})", differences.empty() ? "" : ", ", metric["name"].get<std::string>(),
                                 system["difference"].get<double>(), system["p_value"].get<double>());
    }
    text += fmt::format("{} against {}: {}\n", document["systems"][s].get<std::string>(), document["systems"][0].get<std::string>(),
                        differences);
  }
  return text;
}

std::string evaluation_content(const std::filesystem::path& file, const json& document) {
  std::string title;
  for (const auto& system : document["systems"]) title += (title.empty() ? "" : ", ") + system.get<std::string>();
  return page_or_json(file, pages::kEvaluation, title + ": scores", document);
}

}  // namespace attnzoo
