// make_trainer(): everything between a recipe and Trainer::run().
#include <nlohmann/json.hpp>

#include "models/registry.h"
#include "train/trainer.h"

namespace attnzoo {

std::unique_ptr<Trainer> make_trainer(const TrainingRecipe& recipe, const RunFolder& run, const TrainerOptions& options,
                                      const CheckpointContents* resume, const std::string& where, const CheckpointContents* initial) {
  const auto log = [&](const std::string& line) {
    if (options.progress != nullptr) options.progress->line(line);
  };
  const auto cache = recipe.data.cache.empty() ? run.prepared() : std::filesystem::path(recipe.data.cache);
  const auto* given = resume != nullptr ? resume : initial;
  PreparedData data = prepare_data(recipe.data, cache, given != nullptr ? given->tokenizers : TokenizerPair{}, log, options.progress);
  data.copies.reset();  // training reads the corpora
  const auto& [source, target] = data.tokenizers;
  const VocabularySizes sizes{source->vocabulary_size(), target->vocabulary_size(), data.tokenizers.joint()};
  if (given != nullptr) check_model_weights(recipe.model, sizes, given->weights, where);
  torch::manual_seed(static_cast<uint64_t>(recipe.train.seed));
  auto model = build_model(recipe.model, sizes);
  log(fmt::format("model: {} with {} parameters", recipe.model.value("family", ""),
                  short_count(static_cast<double>(num_parameters(*model)))));
  if (initial != nullptr) {
    set_model_weights(*model, initial->weights, where);
    log(fmt::format("weights and tokenisers: those of {}", where));
  }
  auto trainer = std::make_unique<Trainer>(recipe, run, std::move(data), std::move(model), options);
  if (resume != nullptr) trainer->restore(*resume, where);
  return trainer;
}

}  // namespace attnzoo
