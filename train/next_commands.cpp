#include "train/next_commands.h"

#include <fmt/format.h>

#include <variant>

#include "data/printable.h"
#include "data/task.h"

namespace attnzoo {
namespace {

// The options that give a test set to attnzoo-eval in the form of the training text.
struct TestSetOptions {
  std::string operator()(const TsvFiles& form) const {
    return fmt::format("--tsv FILE --source-column {} --target-column {}", form.source_column, form.target_column);
  }
  std::string operator()(const JsonlFiles& form) const {
    return fmt::format("--jsonl FILE --source-field {} --target-field {}", shell_quoted(form.source_field),
                       shell_quoted(form.target_field));
  }
  std::string operator()(const RunningText&) const { return "--text FILE"; }
  template <class Form>
  std::string operator()(const Form&) const {
    return "--source FILE --reference FILE";
  }
};

}  // namespace

std::vector<std::pair<std::string, std::string>> next_commands(const std::filesystem::path& run, const std::string& task,
                                                               const DataConfig& data, const std::string& options_to_go_on) {
  const auto name = shell_quoted(run.string());
  const auto kind = task_named(task);
  const char* use = kind == Task::kClassification  ? "classify"
                    : kind == Task::kLanguageModel ? "continue a text"
                    : task == "summarisation"      ? "summarise"
                                                   : "translate";
  const char* how = kind == Task::kLanguageModel ? " --sample" : "";
  return {{use, fmt::format("echo \"some text\" | attnzoo-translate --run {}{}", name, how)},
          {"evaluate", fmt::format("attnzoo-eval --run {} {}", name, std::visit(TestSetOptions(), data.train.form))},
          {options_to_go_on.empty() ? "resume" : "train longer",
           fmt::format("attnzoo-train --run {} --resume{}{}", name, options_to_go_on.empty() ? "" : " ", options_to_go_on)}};
}

}  // namespace attnzoo
