// Where text comes from: two parallel files, TSV, JSON lines or running text, each plain, gzip or standard input; read as a stream of
// pairs.
//
// A form of text is a struct that describes its own fields, and one alternative of TextForm. Reading a recipe, writing it, listing files,
// making paths absolute, digests, messages and copying of pipes all visit that description; a new form needs nothing else but to say how
// its lines become a pair (pair_reader.cpp), which the compiler demands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "data/text_reader.h"

namespace attnzoo {

// Several files are read one after the other as if they were one.
using FileList = std::vector<std::string>;

// describe(form, visit) calls visit.files(key, FileList&), visit.column(key, int64_t&) or visit.name(key, std::string&) for each field.
// kPairs: a line holds both sides of a pair; otherwise it is text for a language model.

// Two parallel files: line i of one translates line i of the other.
struct ParallelFiles {
  FileList source, target;

  static constexpr bool kPairs = true;
  static void describe(auto& form, auto&& visit) {
    visit.files("source", form.source);
    visit.files("target", form.target);
  }
};

// Lines of columns separated by tabs (no quoting), columns counted from 0.
struct TsvFiles {
  FileList files;
  int64_t source_column = 0, target_column = 1;

  static constexpr bool kPairs = true;
  static void describe(auto& form, auto&& visit) {
    visit.files("tsv", form.files);
    visit.column("source_column", form.source_column);
    visit.column("target_column", form.target_column);
  }
};

// One JSON object per line; a field of a nested object is written "translation.en".
struct JsonlFiles {
  FileList files;
  std::string source_field = "source", target_field = "target";

  static constexpr bool kPairs = true;
  static void describe(auto& form, auto&& visit) {
    visit.files("jsonl", form.files);
    visit.name("source_field", form.source_field);
    visit.name("target_field", form.target_field);
  }
};

// Running text for a language model, one text per line. Read as a pair of the line with itself, so that cleaning and tokenisers treat it as
// they treat pairs.
struct RunningText {
  FileList files;

  static constexpr bool kPairs = false;
  static void describe(auto& form, auto&& visit) { visit.files("text", form.files); }
};

using TextForm = std::variant<std::monostate, ParallelFiles, TsvFiles, JsonlFiles, RunningText>;

// The recipe's data.train or data.valid: text of one form, or none. "-" is standard input. Paths are absolute after from_json().
struct SourceConfig {
  TextForm form;
  // What messages call a file, where that is not its path: a copy of standard input.
  std::map<std::string, std::string> shown_as = {};

  bool empty() const { return std::holds_alternative<std::monostate>(form); }
  bool has_pairs() const;
  // The files under each key, in the order in which a form describes them.
  std::vector<std::pair<std::string, FileList>> files_by_key() const;
  FileList files() const;
  void replace_files(const std::function<std::string(const std::string& key, const std::string& file)>& replacement);
  // For messages: "train.en and train.de", and one of its files.
  std::string name() const;
  std::string name_of(const std::string& file) const;

  // `where` is "data.train"; relative paths are taken from `relative_to`. An empty object gives an empty config. Throws ConfigError.
  static SourceConfig from_json(const nlohmann::json& fields, const std::string& where, const std::filesystem::path& relative_to);
  nlohmann::json to_json() const;

  // The keys of files in any form, and the forms as messages offer them: "'source' and 'target', or 'tsv'".
  static std::vector<std::string> file_keys();
  static std::string forms_of_pairs();
  static std::string forms_of_running_text();
};

// One pair of lines, valid UTF-8.
struct TextPair {
  std::string source, target;
  int64_t line = 0;              // 1-based over all files of the source side
  std::string_view file;         // of the source side; valid as long as the reader
  int64_t file_line = 0;         // 1-based in `file`
  std::string_view target_file;  // the same of the target side; of one file for both sides, `file`
  int64_t target_file_line = 0;
  bool invalid_utf8 = false;  // some bytes were replaced by U+FFFD
  std::string record;         // the line that holds the pair, where asked for; not of parallel files

  std::string place() const { return std::string(file) + ":" + std::to_string(file_line); }
  std::string target_place() const { return std::string(target_file) + ":" + std::to_string(target_file_line); }
};

// What a program wants of each pair.
struct PairParts {
  bool target = true;   // without it, lines need no target
  bool record = false;  // TextPair::record
};

class PairReader {
 public:
  // Throws DataError for a file that cannot be read.
  PairReader(const SourceConfig& config, InvalidUtf8 policy, PairParts parts = {});
  ~PairReader();

  // False at the end. Throws DataError: sides of unequal length (with both full counts), too few columns, a line that is not one JSON
  // object or lacks a field, bytes that are not UTF-8 (InvalidUtf8::kError).
  bool next(TextPair& pair);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace attnzoo
