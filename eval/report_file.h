// The options --report and --training-text of attnzoo-eval: where the report goes, and the words that training saw.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/command_line.h"
#include "data/files.h"
#include "eval/word_statistics.h"

namespace attnzoo {

void add_report_options(cxxopts::OptionAdder& options);

class ReportFile {
 public:
  // Opens the file, so that a place that cannot be written is known before the work. `inputs`, the files of the test set and
  // --training-text may not be written over. Throws UsageError, DataError.
  ReportFile(const cxxopts::ParseResult& arguments, std::vector<std::filesystem::path> inputs);

  bool wanted() const { return file_.has_value(); }
  // Reads the target side of the text that a run was trained on, unless --training-text was given. Where it is not one plain file, or no
  // longer there, why_no_training() says so.
  void use_training_text_of(const nlohmann::json& config);
  const WordCounts* training() const { return has_training_ ? &training_ : nullptr; }
  const std::string& why_no_training() const { return why_no_training_; }
  // The page, or for FILE.json the document itself.
  void write(const nlohmann::json& document);

 private:
  std::filesystem::path path_;
  std::optional<AtomicFile> file_;
  WordCounts training_;
  bool has_training_ = false;
  std::string why_no_training_ = "give the training text's target side with --training-text FILE";
};

}  // namespace attnzoo
