#include "train/validation.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/utf8.h"
#include "eval/translator.h"
#include "train/generators.h"
#include "train/uncut_text.h"

namespace attnzoo {
namespace {

// No gradients for its lifetime; the random generators and the number of threads are put back as they were.
class EvaluationScope {
 public:
  explicit EvaluationScope(torch::Device device)
      : device_(device), generator_states_(generator_states(device)), num_threads_(at::get_num_threads()) {}
  ~EvaluationScope() {
    set_generator_states(generator_states_, device_, "validation");
    if (at::get_num_threads() != num_threads_) at::set_num_threads(num_threads_);
  }
  EvaluationScope(const EvaluationScope&) = delete;
  EvaluationScope& operator=(const EvaluationScope&) = delete;

 private:
  torch::Device device_;
  NamedTensors generator_states_;
  int num_threads_;
  torch::NoGradGuard no_grad_;
};

void decode(const InferenceModel& model, const PreparedData& data, const TrainConfig& config, torch::Device device,
            const std::atomic<bool>* stop, ValidationResult& result) {
  const size_t available = data.valid_source.size();
  const auto cap = static_cast<size_t>(config.valid_decode.sentences);
  const size_t num_lines = cap > 0 ? std::min(cap, available) : available;
  if (num_lines == 0) return;
  TranslateOptions options;
  options.search.beam = config.valid_decode.beam;
  options.num_threads = device.is_cpu() ? at::get_num_threads() : 1;
  options.device = device;
  const auto translations = translate(model, data.tokenizers, std::span(data.valid_source).first(num_lines), options, nullptr, {}, stop);

  std::vector<std::string> outputs;
  for (const Translation& translation : translations) outputs.push_back(translation.text);
  const auto references = std::span(data.valid_target).first(num_lines);
  if (model->says_label()) {
    result.labels = score_labels(outputs, references);
  } else if (!std::ranges::all_of(references, is_blank)) {  // else there is nothing to compare with
    result.bleu = corpus_bleu(outputs, references);
    result.chrf = corpus_chrf(outputs, references);
  }
  // The same lines every time, spread over the text, so that their progress can be followed.
  const size_t num_samples = std::min(static_cast<size_t>(config.valid_decode.samples), num_lines);
  for (size_t i = 0; i < num_samples; ++i) {
    const size_t line = i * num_lines / num_samples;
    result.samples.push_back({data.valid_source[line], data.valid_target[line], outputs[line]});
  }
  if (num_samples == 0 || !config.tensorboard) return;  // which alone shows it
  options.search.want_attention = true;                 // of one line: the weights of all would take memory
  const auto looked_at = translate(model, data.tokenizers, std::span(data.valid_source).first(1), options, nullptr, {}, stop);
  result.attention_TS = looked_at[0].hypotheses[0].attention_TS;
}

}  // namespace

double ValidationResult::metric(const std::string& name) const {
  if (name == "bleu" && bleu) return bleu->score;
  if (name == "chrf" && chrf) return chrf->score;
  if (name == "accuracy" && labels) return 100 * labels->accuracy();
  if (name == "macro_f1" && labels) return 100 * labels->macro_f1();
  if (name == "loss") return scores.loss();
  fail<Error>("validation: the metric '{}' was not measured", name);
}

nlohmann::json ValidationResult::to_json() const {
  nlohmann::json fields = {
      {"loss", scores.loss()}, {"perplexity", scores.perplexity()}, {"accuracy", 100 * scores.accuracy()}, {"seconds", seconds}};
  if (bleu) {
    fields["bleu"] = bleu->score;
    fields["bleu_signature"] = bleu->signature;
  }
  if (chrf) fields["chrf"] = chrf->score;
  if (labels) fields.update({{"accuracy", metric("accuracy")}, {"macro_f1", metric("macro_f1")}});
  for (const auto& sample : samples)
    fields["samples"].push_back({{"source", sample.source}, {"reference", sample.reference}, {"output", sample.output}});
  return fields;
}

ValidationResult validate(Seq2SeqModel& trained, const PreparedData& data, const TrainConfig& config, torch::Device device,
                          const std::atomic<bool>* stop) {
  const auto begin = std::chrono::steady_clock::now();
  const EvaluationScope scope(device);
  const InferenceModel model(trained);
  ValidationResult result;
  result.scores = score_corpus(model, *data.valid, config.batch, device, nullptr, {}, stop);
  if (config.decodes()) decode(model, data, config, device, stop, result);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace attnzoo
