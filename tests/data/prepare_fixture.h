// A corpus small enough for tests, and what preparing it needs.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "data/prepare.h"
#include "tests/temporary_directory.h"

namespace attnzoo::test {

// A small corpus of 200 pairs, prepared with characters (words as asked for).
struct Fixture {
  TemporaryDirectory folder;
  nlohmann::json fields;
  std::string log;

  Fixture() {
    write_text("train.en", 200, "the dog number {} runs");
    write_text("train.de", 200, "der Hund Nummer {} rennt");
    write_text("valid.en", 5, "a cat {}");
    write_text("valid.de", 5, "eine Katze {}");
    fields = {{"train", {{"source", "train.en"}, {"target", "train.de"}}},
              {"valid", {{"source", "valid.en"}, {"target", "valid.de"}}},
              {"tokenizer", {{"kind", "characters"}}}};
  }

  void write_text(const std::string& name, int num_lines, const std::string& pattern) const {
    std::string text;
    for (int i = 0; i < num_lines; ++i) text += fmt::format(fmt::runtime(pattern), i) + "\n";
    folder.file(name, text);
  }
  std::filesystem::path cache() const { return folder / "cache"; }
  PreparedData prepare(const TokenizerPair& given = {}) {
    log.clear();
    return prepare_data(DataConfig::from_json(fields, folder.path()), cache(), given, [&](const std::string& line) { log += line + "\n"; });
  }
  std::string source_of(const PreparedData& data, int64_t pair) const { return data.tokenizers.source->decode(data.train->source(pair)); }
};

}  // namespace attnzoo::test
