#include "data/importers/starting_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/json_fields.h"

namespace attnzoo {
namespace {

constexpr std::array<SettingsForSize, 4> kSettings = {{{3000, 1000, "tiny", 1024, 0.3, 0.002, "10m"},
                                                       {30000, 4000, "tiny", 2048, 0.3, 0.002, "30m"},
                                                       {300000, 8000, "tiny", 2048, 0.2, 0.002, "1h"},
                                                       {std::numeric_limits<int64_t>::max(), 16000, "small", 4096, 0.1, 0.001, "8h"}}};

}  // namespace

const SettingsForSize& settings_for(int64_t num_pairs) {
  return *std::ranges::find_if(kSettings, [&](const auto& settings) { return num_pairs <= settings.num_pairs; });
}

std::string starting_recipe(const std::string& task, const nlohmann::json& data, int64_t num_pairs) {
  using Json = nlohmann::ordered_json;
  const auto& settings = settings_for(num_pairs);
  const bool classifies = task == "classification", summarises = task == "summarisation";
  Json recipe;
  recipe["task"] = task;
  recipe["data"]["train"] = data.at("train");
  if (data.contains("valid")) recipe["data"]["valid"] = data["valid"];
  recipe["data"]["tokenizer"] = {{"kind", "sentencepiece-unigram"}, {"vocabulary_size", settings.vocabulary_size}};
  if (!classifies) recipe["data"]["tokenizer"]["joint"] = true;
  // A summary needs the beginning of its source; a translation of half a source is wrong.
  recipe["data"]["clean"] = {
      {"too_long", summarises || classifies ? "truncate" : "drop"}, {"max_source_length", 256}, {"max_target_length", 256}};
  recipe["model"] = {{"family", classifies ? "classifier" : "attention-gru"}, {"preset", settings.preset}, {"dropout", settings.dropout}};
  recipe["train"] = {{"batch", {{"batch_tokens", settings.batch_tokens}}},
                     {"learning_rate", settings.learning_rate},
                     {"ema_decay", 0.998},
                     {"max_time", settings.max_time}};
  if (data.contains("valid")) recipe["train"]["early_stopping"]["patience"] = 10;
  return fmt::format(
      "// Made by attnzoo-data import. Train:  attnzoo-train recipe.json --run RUN\n"
      "// The settings fit {} pairs; train/README.md says how to choose others, attnzoo-train --fields train what there is.\n{}\n",
      num_pairs, json_text(recipe, 2));
}

}  // namespace attnzoo
