// Text for whole runs: an invented language, and a recipe that trains a small model of any family on it.
#pragma once

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "tests/program.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {

// An invented language: each word has one translation, and the order of words is reversed.
struct Text {
  std::vector<std::string> source, target;
};

inline Text invented_text(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Text text;
  for (size_t i = 0; i < count; ++i) {
    const size_t words = 1 + random() % 11;
    std::string source, target;
    for (size_t w = 0; w < words; ++w) {
      const auto word = random() % 60;
      source += fmt::format("{}w{}", w > 0 ? " " : "", word);
      target = fmt::format("v{}{}{}", word, w > 0 ? " " : "", target);
    }
    text.source.push_back(source);
    text.target.push_back(target);
  }
  return text;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

inline std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

// What a family learns: a translation; the text alone; or a label, the first word's number modulo 5.
struct Chore {
  std::string task = "translation", train, valid, tokenizer;
};
inline Chore chore_of(const std::string& family) {
  const std::string pair = R"({{"source": "{0}.src", "target": "{0}.{1}"}})", words = R"({"kind": "words", "joint": false})";
  const auto of = [&](const char* target) {
    return [&, target](const char* part) { return fmt::format(fmt::runtime(pair), part, target); };
  };
  if (family == "classifier") return {"classification", of("label")("train"), of("label")("valid"), words};
  if (family == "language-model") return {"language-model", R"({"text": "train.tgt"})", R"({"text": "valid.tgt"})", words};
  return {"translation", of("tgt")("train"), of("tgt")("valid"),
          family == "pointer-generator" ? R"({"kind": "words", "joint": true, "copy_unknown": true})" : words};
}

inline void write_text(const TemporaryDirectory& folder, const std::string& part, const Text& text) {
  std::string labels;
  for (const auto& line : text.source) labels += fmt::format("c{}\n", std::stoi(line.substr(1)) % 5);
  folder.file(part + ".src", joined(text.source));
  folder.file(part + ".tgt", joined(text.target));
  folder.file(part + ".label", labels);
}

// Runs a command that has to succeed; standard error is among the output.
inline Outcome run_in(const TemporaryDirectory& folder, const std::string& command) {
  auto outcome = run_merged(folder.path(), command);
  INFO(outcome.output);
  REQUIRE(outcome.status == 0);
  return outcome;
}

// Trains a small model of the family for `steps` steps in folder/run. `settings`: more arguments ("--set model.norm=post").
inline void train(const TemporaryDirectory& folder, const std::string& family, int steps, const std::string& settings = "") {
  write_text(folder, "train", invented_text(800, 1));
  write_text(folder, "valid", invented_text(20, 2));
  const auto chore = chore_of(family);
  folder.file("recipe.json", fmt::format(R"({{
    "task": "{}",
    "data": {{"train": {}, "valid": {}, "tokenizer": {}}},
    "model": {{"family": "{}", "preset": "tiny"}},
    "train": {{"batch": {{"batch_tokens": 512}}, "learning_rate": 0.003, "schedule": {{"kind": "constant"}}, "max_steps": {}, "validate_every": 1000}}
  }})",
                                         chore.task, chore.train, chore.valid, chore.tokenizer, family, steps));
  run_in(folder, "attnzoo-train recipe.json --run run --threads 1 " + settings);
}

}  // namespace attnzoo::test
