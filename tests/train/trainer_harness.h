// Starting, stopping and resuming a trainer in tests, and reading what it left.
#pragma once

#include <ATen/Parallel.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/train/tiny_run.h"
#include "train/trainer.h"

#include "tests/catch.h"

namespace attnzoo::test {

// Tiny models gain nothing from threads, and lose much where other programs keep the cores busy.
struct OneThread {
  int num_threads = at::get_num_threads();
  OneThread() { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(num_threads); }
};

inline std::unique_ptr<Trainer> start(const TrainingRecipe& recipe, const RunFolder& run, TrainerOptions options = {}) {
  options.measure_matmul_rate = false;
  run.create();
  return make_trainer(recipe, run, options, nullptr, "");
}

inline std::unique_ptr<Trainer> resume(const TrainingRecipe& recipe, const RunFolder& run, TrainerOptions options = {}) {
  options.measure_matmul_rate = false;
  const auto contents = load_checkpoint(run.last());
  return make_trainer(recipe, run, options, &contents, run.last().string());
}

// Stops a run at a step, as Ctrl-C would.
struct StopAt {
  std::atomic<bool> stop{false};
  TrainerOptions options(int64_t step) {
    TrainerOptions options;
    options.on_entry = [this, step](const nlohmann::json& entry) {
      if (entry["event"] == "train" && entry["step"] >= step) stop = true;
    };
    return options;
  }
};

inline std::vector<nlohmann::json> log_of(const RunFolder& run, const std::string& event) {
  std::ifstream in(run.log());
  std::vector<nlohmann::json> entries;
  for (std::string line; std::getline(in, line);) {
    auto entry = nlohmann::json::parse(line);
    if (entry["event"] != event) continue;
    for (const char* changing : {"elapsed_s", "seconds", "target_tokens_per_s", "memory_mb"}) entry.erase(changing);
    entries.push_back(entry);
  }
  return entries;
}

inline void require_same_bits(const NamedTensors& given, const NamedTensors& expected) {
  REQUIRE(given.size() == expected.size());
  for (const auto& [name, tensor] : expected) {
    INFO(name);
    REQUIRE(given.at(name).equal(tensor));
  }
}

inline nlohmann::json recurrent_with_statistics() {
  return {{"family", "attention-gru"}, {"embedding_dim", 16},        {"encoder_dim", 16}, {"decoder_dim", 16},
          {"attention_dim", 16},       {"encoder_layers", 2},        {"residual", true},  {"encoder_recurrent_norm", "batch"},
          {"positions", "learned"},    {"variational_dropout", true}};
}

}  // namespace attnzoo::test
