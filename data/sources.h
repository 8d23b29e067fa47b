// Where text comes from: two parallel files, a TSV file, JSON lines, or running text, each plain or gzip or standard input; read as a
// stream of pairs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/text_reader.h"

namespace attnzoo {

// The recipe's data.train or data.valid. Exactly one of the four forms is given; several files are read one after the other as if
// they were one. "-" is standard input. Paths are absolute after from_json().
struct SourceConfig {
  // Two parallel files: line i of the one translates line i of the other.
  std::vector<std::string> source, target;
  // Lines of columns separated by tabs (no quoting), columns counted from 0.
  std::vector<std::string> tsv;
  int64_t source_column = 0, target_column = 1;
  // One JSON object a line; a field of a nested object is written "translation.en".
  std::vector<std::string> jsonl;
  std::string source_field = "source", target_field = "target";

  // Running text for a language model, a text a line. Read as a pair of the line with itself, so that cleaning and tokenisers take it as
  // they take pairs.
  std::vector<std::string> text;

  bool empty() const { return source.empty() && target.empty() && tsv.empty() && jsonl.empty() && text.empty(); }
  std::vector<std::string> files() const;
  // For messages: "train.en and train.de".
  std::string name() const;

  // `where` is "data.train"; relative paths are taken from `relative_to`. An empty object gives an empty config. Throws ConfigError.
  static SourceConfig from_json(const nlohmann::json& fields, const std::string& where, const std::filesystem::path& relative_to);
  nlohmann::json to_json() const;
};

// One pair of lines, valid UTF-8.
struct TextPair {
  std::string source, target;
  int64_t line = 0;           // 1-based over all files of the source side
  std::string_view file;      // of the source side; valid as long as the reader
  int64_t file_line = 0;      // 1-based in `file`
  bool invalid_utf8 = false;  // some bytes were replaced by U+FFFD

  std::string place() const { return std::string(file) + ":" + std::to_string(file_line); }
};

class PairReader {
 public:
  // Throws DataError for a file that cannot be read.
  PairReader(const SourceConfig& config, InvalidUtf8 policy);
  ~PairReader();

  // False at the end. Throws DataError: sides of unequal length (with both full counts), too few columns, broken JSON or a field that is
  // missing, bytes that are not UTF-8 (InvalidUtf8::kError).
  bool next(TextPair& pair);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace attnzoo
