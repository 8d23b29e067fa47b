// Files that were cut, changed or never ours, given to everything that reads a model: an Error each time, or what a reader cannot notice;
// never another exception, never a crash (run it in the preset `asan` as well).
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "data/corpus.h"
#include "data/corpus_writer.h"
#include "data/error.h"
#include "data/files.h"
#include "data/tokenizer.h"
#include "models/checkpoint.h"
#include "models/registry.h"
#include "models/safetensors.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

// The content cut at places, with bits turned over, bytes put in or taken out; and things that are nothing of the kind.
std::vector<std::string> damaged(const std::string& content, size_t count) {
  std::mt19937_64 random(content.size());
  std::vector<std::string> versions = {
      "", std::string(1, '\0'), "{}", "[1, 2", std::string(4096, '\xff'), "\x80\x04\x95junk", content + content};
  const auto place = [&] { return random() % content.size(); };
  for (size_t i = 0; i < count; ++i) {
    auto version = content;
    switch (i % 4) {
      case 0:
        version.resize(place());
        break;
      case 1:
        for (size_t flips = 1 + random() % 4; flips > 0; --flips) version[place()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        version.erase(place(), 1 + random() % 16);
        break;
      default:
        version.insert(place(), std::string(1 + random() % 16, static_cast<char>(random())));
    }
    versions.push_back(std::move(version));
  }
  return versions;
}

// Reads every damaged version; returns how many were refused.
size_t num_refused(const std::string& content, size_t count, const std::function<void(const std::string&)>& read) {
  size_t refused = 0;
  for (const auto& version : damaged(content, count)) {
    try {
      read(version);
    } catch (const Error& error) {
      CHECK(std::string(error.what()).size() > 10);
      ++refused;
    }
  }
  return refused;
}

std::vector<std::string> some_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i) lines.push_back(fmt::format("a line of {} words and number {}", i % 7, i));
  return lines;
}

}  // namespace

TEST_CASE("Damaged safetensors are refused or read, never worse") {
  const TemporaryDirectory folder;
  const auto file = folder / "weights.safetensors";
  save_safetensors(file, {{"a", torch::randn({3, 4})}, {"b", torch::arange(5)}}, {{"made", "here"}});
  CHECK(num_refused(read_file(file), 400, [&](const std::string& bytes) {
          folder.file("weights.safetensors", bytes);
          load_safetensors(file);
        }) > 200);
}

TEST_CASE("A damaged corpus is refused") {
  const TemporaryDirectory folder;
  const auto file = folder / "train.corpus";
  CorpusWriter writer(file, "digest");
  const std::vector<int32_t> ids = {5, 6, 7, 8};
  for (int64_t i = 0; i < 20; ++i) writer.add(std::span(ids).first(static_cast<size_t>(1 + i % 4)), ids, i + 1);
  writer.commit();
  const auto bytes = read_file(file);
  CHECK(num_refused(bytes, 300, [&](const std::string& damaged_bytes) {
          folder.file("train.corpus", damaged_bytes);
          const auto corpus = Corpus::open(file);
          for_each_pair(*corpus, [&](int64_t pair) { CHECK(corpus->target(pair).size() <= 4); });
        }) >= 300);
}

TEST_CASE("Damaged tokenisers are refused") {
  for (const char* kind : {"sentencepiece-bpe", "words", "characters"}) {
    INFO(kind);
    TokenizerConfig config;
    config.kind = kind;
    config.vocabulary_size = 400;
    const auto bytes = train_tokenizer(config, some_lines())->serialized();
    CHECK(num_refused(bytes, 300, [](const std::string& damaged_bytes) { load_tokenizer(damaged_bytes, "x.tokenizer"); }) >= 300);
  }
}

TEST_CASE("Damaged checkpoints are refused, whichever of their files it is") {
  const TemporaryDirectory folder;
  const auto lines = some_lines();
  TokenizerConfig words;
  words.kind = "words";
  const auto tokenizer = train_tokenizer(words, lines);
  const nlohmann::json section = {{"family", "transformer"}, {"model_dim", 16}, {"feed_forward_dim", 16}, {"layers", 1}, {"num_heads", 2}};
  CheckpointContents contents;
  contents.config = {{"task", "translation"}, {"model", complete_model_config(section)}};
  contents.tokenizers = {tokenizer, tokenizer};
  contents.weights = model_weights(*build_model(section, {tokenizer->vocabulary_size(), tokenizer->vocabulary_size(), true}));
  const auto checkpoint = folder / "checkpoint";
  save_checkpoint(checkpoint, contents);
  for (const char* name : {"manifest.json", "config.json", "weights.safetensors", "source.tokenizer"}) {
    INFO(name);
    const auto whole = read_file(checkpoint / name);
    const auto refused = num_refused(whole, 60, [&](const std::string& bytes) {
      folder.file(std::string("checkpoint/") + name, bytes);
      load_model(checkpoint, torch::kCPU);
    });
    // A manifest may be damaged where nothing is read.
    CHECK(refused >= (std::string(name) == "manifest.json" ? 40u : 67u));
    write_file(checkpoint / name, whole);
  }
  CHECK_NOTHROW(load_model(checkpoint, torch::kCPU));

  // With a manifest that fits: what only the content can show.
  const auto config = contents.config.dump();
  num_refused(config, 100, [&](const std::string& text) {
    auto changed = contents;
    try {
      changed.config = nlohmann::json::parse(text);
    } catch (const nlohmann::json::exception&) {
      return;
    }
    save_checkpoint(checkpoint, changed);
    load_model(checkpoint, torch::kCPU);
  });
}

}  // namespace attnzoo::test
