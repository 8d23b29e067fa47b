// Text on the command line in the forms of a recipe: --tsv FILE --source-column N, --jsonl FILE --source-field NAME; and what a program
// writes back: each line as it was, with one more field.
#pragma once

#include <span>
#include <string>

#include "data/command_line.h"
#include "data/sources.h"

namespace attnzoo {

// --invalid-utf8 error|replace. Throws UsageError for another value.
void add_invalid_utf8_option(cxxopts::OptionAdder& options);
InvalidUtf8 invalid_utf8_option(const cxxopts::ParseResult& arguments);

// The options --tsv, --jsonl and, for each of `sides` ("source", "target"), --SIDE-column and --SIDE-field, the columns counted up from 0.
void add_text_form_options(cxxopts::OptionAdder& options, const std::vector<std::string>& sides);

// The text that these options name; empty where neither --tsv nor --jsonl is given. `first` and `second` are the sides that a pair's
// source and target are read from. Throws UsageError for both forms together, and for a column or field without its form.
SourceConfig text_of_options(const cxxopts::ParseResult& arguments, const std::string& first = "source",
                             const std::string& second = "target");

// A line around a result that is put into it. For JSON lines one more field at the end of the object, for TSV one more column; all bytes
// that were read stay as they are. Plain text is replaced by the result.
struct RecordSlot {
  std::string before, after;

  std::string with(const std::string& result) const { return before + result + after; }
};

// Where the result for `pair`, read with PairParts::record, belongs. `field`: its name in JSON lines. Throws DataError where the object has
// such a field.
RecordSlot slot_for(const SourceConfig& text, const TextPair& pair, const std::string& field);

// `columns` between tabs; tabs in them become spaces.
std::string tab_separated(std::span<const std::string> columns);

}  // namespace attnzoo
