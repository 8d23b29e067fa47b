// Imports installed gettext catalogs, the translated messages of programs: `attnzoo-data import gettext`. Short, full of names and
// fragments, but present on nearly every machine, without a network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/importers/mo_file.h"
#include "data/importers/parallel_output.h"

namespace attnzoo {

struct GettextImportOptions {
  // Locale names; one may be "en" (the message ids). Two others are joined by catalog and message id.
  std::string source_language = "en", target_language = "de";
  // A folder with <language>/LC_MESSAGES/*.mo. Empty: /usr/share/locale and /usr/share/locale-langpack.
  std::filesystem::path from;
  // The names of the two sides are set by the importer.
  ParallelOutput output;
};

// A damaged catalog is skipped, with a note in the report. Throws ConfigError for bad languages, DataError when there is no catalog.
ImportReport import_gettext(const GettextImportOptions& options, const ImportLog& log);

// Makes a training pair of one message in two languages: accelerator marks ("_File", "&File") are removed where both have one, line breaks
// become spaces. Returns "" when the pair is good, otherwise the reason to drop it.
std::string clean_message_pair(ParallelPair& pair);

}  // namespace attnzoo
