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

TestSet read_records(const SourceConfig& text, InvalidUtf8 policy, const std::string& output_field, Sides sides) {
  TestSet set;
  PairReader reader(text, policy, {.target = sides == Sides::kBoth, .record = !output_field.empty()});
  for (TextPair pair; reader.next(pair);) {
    if (!output_field.empty()) set.slots.push_back(slot_for(text, pair, output_field));
    set.references.push_back(std::move(sides == Sides::kBoth ? pair.target : pair.source));
    set.sources.push_back(sides == Sides::kBoth ? std::move(pair.source) : set.references.back());
  }
  require_pairs(text.name(), set.sources, text.name(), set.references);
  return set;
}

namespace {

// A language model's text; as of attnzoo-translate, of TSV and JSON lines the source.
TestSet read_running_text(const std::string& checkpoint, const cxxopts::ParseResult& arguments, InvalidUtf8 policy,
                          const std::string& output_field) {
  if (arguments.count("source") + arguments.count("reference") > 0)
    throw UsageError(fmt::format("{} is a language model; give its text with --text, --tsv or --jsonl", checkpoint));
  for (const char* option : {"target-field", "target-column"})
    if (arguments.count(option) > 0)
      throw UsageError(fmt::format("--{}: {} is a language model, which scores the source; omit it, or name the text with --source-{}",
                                   option, checkpoint, std::string_view(option).substr(7)));
  if (const auto records = text_of_options(arguments, "source", "source"); !records.empty()) {
    if (arguments.count("text") > 0) throw UsageError("--text, --tsv and --jsonl are three forms of text; give one of them");
    return read_records(records, policy, output_field, Sides::kSource);
  }
  const auto file = required_option(arguments, "text", "the text of a language model (or --tsv or --jsonl)");
  const auto lines = read_plain_text(file, policy);
  require_pairs(file, lines, file, lines);
  return {lines, lines, {}};
}

}  // namespace

TestSet read_test_set(Task task, const std::filesystem::path& checkpoint, const cxxopts::ParseResult& arguments, InvalidUtf8 policy,
                      const std::string& output_field) {
  if (task == Task::kLanguageModel) return read_running_text(checkpoint.string(), arguments, policy, output_field);
  if (arguments.count("text") > 0)
    throw UsageError(fmt::format("--text is for language models; {} reads a source: give --source and --reference, --tsv or --jsonl",
                                 checkpoint.string()));
  if (const auto records = text_of_options(arguments); !records.empty()) {
    if (arguments.count("source") + arguments.count("reference") > 0)
      throw UsageError("--tsv and --jsonl hold both sides of the test set; omit --source and --reference");
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
