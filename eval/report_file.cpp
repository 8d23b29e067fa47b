#include "eval/report_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/option_reader.h"
#include "data/text_options.h"
#include "data/text_reader.h"
#include "eval/evaluation_report.h"
#include "eval/test_set.h"

namespace attnzoo {

void add_report_options(cxxopts::OptionAdder& options) {
  options("report", "Write a page for a browser: intervals, scores by length and frequency, sentences side by side; FILE.json: its data",
          cxxopts::value<std::string>(), "FILE.html");
  options("training-text", "With --report: the target side of the training text, for scores by frequency (default: that of the run)",
          cxxopts::value<std::string>(), "FILE");
}

ReportFile::ReportFile(const cxxopts::ParseResult& arguments, std::vector<std::filesystem::path> inputs) {
  if (arguments.count("training-text") > 0) {
    if (arguments.count("report") == 0) throw UsageError("--training-text is for --report; add it");
    const auto file = arguments["training-text"].as<std::string>();
    for (const auto& line : read_lines(file, invalid_utf8_option(arguments))) count_words(line, training_);
    if (training_.empty()) fail<DataError>("{}: holds no words; give the target side of the training text", file);
    has_training_ = true;
  }
  if (arguments.count("report") == 0) return;
  path_ = output_file_option(arguments, "report");
  for (auto& file : test_set_files(arguments)) inputs.emplace_back(file);
  if (arguments.count("training-text") > 0) inputs.emplace_back(arguments["training-text"].as<std::string>());
  refuse_input_as_output("--report", path_, inputs);
  file_.emplace(path_);
}

void ReportFile::use_training_text_of(const nlohmann::json& config) {
  if (!wanted() || has_training_) return;
  const nlohmann::json::json_pointer key("/data/train/target");
  if (!config.contains(key) || !config[key].is_string()) {
    why_no_training_ = "the run's training text is not one plain file; give --training-text FILE";
    return;
  }
  const auto file = config[key].get<std::string>();
  try {
    for (const auto& line : read_lines(file, InvalidUtf8::kReplace)) count_words(line, training_);
    has_training_ = true;
  } catch (const DataError&) {
    why_no_training_ = fmt::format("{}, the run's training text, cannot be read; give --training-text FILE", file);
  }
}

void ReportFile::write(const nlohmann::json& document) {
  file_->write(evaluation_content(path_, document));
  file_->commit();
}

}  // namespace attnzoo
