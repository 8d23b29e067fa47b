// A training run for tests: sentences of ten words, copied in reverse, and a model that learns it in seconds.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tests/temporary_directory.h"
#include "train/training_recipe.h"

namespace attnzoo::test {

inline void write_reversal_task(const TemporaryDirectory& folder, const std::string& name, int num_pairs, unsigned seed) {
  std::mt19937 random(seed);
  std::string source, target;
  for (int pair = 0; pair < num_pairs; ++pair) {
    std::string line, reversed;
    const unsigned length = 2 + random() % 7;
    for (unsigned position = 0; position < length; ++position) {
      const std::string word(1, static_cast<char>('a' + random() % 10));
      line = line.empty() ? word : line + " " + word;
      reversed = reversed.empty() ? word : word + " " + reversed;
    }
    source += line + "\n";
    target += reversed + "\n";
  }
  folder.file(name + ".in", source);
  folder.file(name + ".out", target);
}

// `train` overrides the settings here.
inline nlohmann::json tiny_recipe(const TemporaryDirectory& folder, const nlohmann::json& train = {}) {
  write_reversal_task(folder, "train", 200, 1);
  write_reversal_task(folder, "valid", 12, 2);
  nlohmann::json recipe = {{"data",
                            {{"train", {{"source", "train.in"}, {"target", "train.out"}}},
                             {"valid", {{"source", "valid.in"}, {"target", "valid.out"}}},
                             {"tokenizer", {{"kind", "words"}, {"vocabulary_size", 40}}},
                             {"cache", "prepared"}}},
                           {"model", {{"family", "transformer"}, {"preset", "tiny"}, {"dropout", 0.1}}},
                           {"train",
                            {{"batch", {{"batch_tokens", 120}}},
                             {"learning_rate", 0.003},
                             {"schedule", {{"warmup_steps", 10}}},
                             {"max_steps", 40},
                             {"validate_every", 10},
                             {"report_every", 1},
                             {"keep", 100}}}};
  if (!train.is_null()) recipe["train"].update(train);
  return recipe;
}

inline TrainingRecipe read_tiny(const TemporaryDirectory& folder, const nlohmann::json& recipe) {
  return TrainingRecipe::from_json(recipe, folder.path());
}

}  // namespace attnzoo::test
