// Notices text that is not plain: JSON lines or tab-separated columns in a file that is read as one sentence per line.
#pragma once

#include <span>
#include <string>

namespace attnzoo {

// "x.jsonl: looks like JSON lines ...", or "" where the first lines look plain. JSON lines: each is a JSON object. TSV: the name ends in
// .tsv or .tsv.gz and all lines have the same number of tabs, at least one.
std::string other_form(const std::string& file, std::span<const std::string> lines);

// Prints that as a warning.
void warn_of_other_form(const std::string& file, std::span<const std::string> lines);

}  // namespace attnzoo
