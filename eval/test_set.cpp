#include "eval/test_set.h"

#include <fmt/format.h>

#include "data/error.h"
#include "data/progress.h"
#include "data/text_form.h"

namespace attnzoo {
namespace {

std::string line_count(const std::vector<std::string>& lines) { return counted(static_cast<int64_t>(lines.size()), "line"); }

}  // namespace

void add_test_set_options(cxxopts::OptionAdder& options) {
  options("source", "Text to translate, plain or gzip, one sentence per line", cxxopts::value<std::string>(), "FILE");
  options("reference", "Reference translations, one per line", cxxopts::value<std::string>(), "FILE");
  options("text", "Text to score with a language model, instead of --source and --reference", cxxopts::value<std::string>(), "FILE");
  add_text_form_options(options, {"source", "target"});
}

std::vector<std::string> test_set_files(const cxxopts::ParseResult& arguments) {
  std::vector<std::string> files;
  for (const char* option : {"source", "reference", "text", "tsv", "jsonl"})
    if (arguments.count(option) > 0) files.push_back(arguments[option].as<std::string>());
  return files;
}

Task task_of_model(const Seq2SeqModel& model) {
  return model.says_label() ? Task::kClassification : model.reads_source() ? Task::kTranslation : Task::kLanguageModel;
}

void refuse_other_task(Task task, const cxxopts::ParseResult& arguments, const std::filesystem::path& checkpoint) {
  if ((task == Task::kLanguageModel) == (arguments.count("text") > 0)) return;
  throw UsageError(task == Task::kLanguageModel
                       ? fmt::format("{} is a language model; give its text with --text", checkpoint.string())
                       : fmt::format("--text is for language models; {} reads a source: give --source and --reference, --tsv or --jsonl",
                                     checkpoint.string()));
}

std::string required_option(const cxxopts::ParseResult& arguments, const std::string& option, const std::string& what) {
  if (arguments.count(option) == 0) throw UsageError(fmt::format("--{} is needed: {}", option, what));
  return arguments[option].as<std::string>();
}

std::vector<std::string> read_plain_text(const std::string& file, InvalidUtf8 policy) {
  auto lines = read_lines(file, policy);
  warn_of_other_form(file == "-" ? "standard input" : file, lines);
  return lines;
}

void require_pairs(const std::string& first, const std::vector<std::string>& first_lines, const std::string& second,
                   const std::vector<std::string>& second_lines) {
  if (first_lines.empty() && second_lines.empty()) fail<DataError>("{}: empty; there is nothing to score", first);
  if (first_lines.size() != second_lines.size())
    fail<DataError>("{} has {} and {} has {}; line i of one belongs to line i of the other, so equal counts are needed", first,
                    line_count(first_lines), second, line_count(second_lines));
}

TestSet read_records(const SourceConfig& text, InvalidUtf8 policy, const std::string& output_field) {
  TestSet set;
  PairReader reader(text, policy, {.target = true, .record = !output_field.empty()});
  for (TextPair pair; reader.next(pair);) {
    if (!output_field.empty()) set.slots.push_back(slot_for(text, pair, output_field));
    set.sources.push_back(std::move(pair.source));
    set.references.push_back(std::move(pair.target));
  }
  require_pairs(text.name(), set.sources, text.name(), set.references);
  return set;
}

TestSet read_test_set(const cxxopts::ParseResult& arguments, InvalidUtf8 policy, const std::string& output_field) {
  const auto records = text_of_options(arguments);
  const auto num_plain = arguments.count("source") + arguments.count("reference");
  if (arguments.count("text") > 0) {
    if (num_plain > 0 || !records.empty())
      throw UsageError("--text is the whole test set of a language model; omit --source, --reference, --tsv and --jsonl");
    const auto file = arguments["text"].as<std::string>();
    const auto lines = read_plain_text(file, policy);
    require_pairs(file, lines, file, lines);
    return {lines, lines, {}};
  }
  if (!records.empty()) {
    if (num_plain > 0) throw UsageError("--tsv and --jsonl hold both sides of the test set; omit --source and --reference");
    return read_records(records, policy, output_field);
  }
  const auto source = required_option(arguments, "source", "the text to translate (or --tsv or --jsonl, which hold both sides)");
  const auto reference = required_option(arguments, "reference", "the reference translations");
  require_distinct_inputs({source, reference});
  TestSet set{read_plain_text(source, policy), read_plain_text(reference, policy), {}};
  require_pairs(source, set.sources, reference, set.references);
  return set;
}

}  // namespace attnzoo
