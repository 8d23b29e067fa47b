// The text that attnzoo-eval scores: two files of plain text, TSV, JSON lines, or a language model's text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/command_line.h"
#include "data/task.h"
#include "data/text_options.h"
#include "data/text_reader.h"
#include "models/seq2seq_model.h"

namespace attnzoo {

// Both sides, equally long and not empty. A language model's text is both.
struct TestSet {
  std::vector<std::string> sources, references;
  std::vector<RecordSlot> slots;  // of TSV and JSON lines, where asked for
};

// --source, --reference, --text, --tsv, --jsonl, --source-column, --target-field, ..
void add_test_set_options(cxxopts::OptionAdder& options);
// The files that they name.
std::vector<std::string> test_set_files(const cxxopts::ParseResult& arguments);
// The text for a model of this task. `output_field`: a field that results will be put into (RecordSlot); empty for none. Throws
// UsageError, also where --text is given for a model that reads a source, or the like (`checkpoint`: what messages call it); DataError.
TestSet read_test_set(Task task, const std::filesystem::path& checkpoint, const cxxopts::ParseResult& arguments, InvalidUtf8 policy,
                      const std::string& output_field = "");

Task task_of_model(const Seq2SeqModel& model);

// The value of an option that must be given; `what` it is. Throws UsageError.
std::string required_option(const cxxopts::ParseResult& arguments, const std::string& option, const std::string& what);
// A small file of plain text, with a warning where it looks like another form.
std::vector<std::string> read_plain_text(const std::string& file, InvalidUtf8 policy);
// Throws DataError unless both have the same number of lines, at least one.
void require_pairs(const std::string& first, const std::vector<std::string>& first_lines, const std::string& second,
                   const std::vector<std::string>& second_lines);
// Both sides of TSV or JSON lines, or only the source, as both.
enum class Sides { kBoth, kSource };
TestSet read_records(const SourceConfig& text, InvalidUtf8 policy, const std::string& output_field = "", Sides sides = Sides::kBoth);

}  // namespace attnzoo
