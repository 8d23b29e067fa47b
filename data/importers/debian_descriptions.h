// Imports Debian's package descriptions, translated by people: `attnzoo-data import debian-descriptions`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/importers/parallel_output.h"
#include "data/importers/translation_file.h"

namespace attnzoo {

struct DebianImportOptions {
  // Languages as in the archive's Translation-XX files; joined by Description-md5.
  std::string source_language = "en", target_language = "de";
  // When set: long description to title in this language (a summarisation corpus), and the two languages above are not used.
  std::string summarise;
  // When set: title and long description in this language to the section of the archive that the package is in (labelled text), and the
  // three languages above are not used.
  std::string sections;
  // Sections with fewer texts are left out; >= 1.
  int64_t min_texts = 100;
  // A folder with Translation-XX files (with `sections` a Packages file too), plain or compressed. Empty: the lists of this machine's apt
  // where it keeps them, else a download by `apt-get update` with private lists (as an ordinary user, nothing of the system is changed).
  std::filesystem::path from;
  // The download is given up after this many seconds.
  int64_t timeout_s = 300;
  // The names of the two sides are set by the importer: the languages, "text" and "title", or "text" and "section".
  ParallelOutput output;
};

// Throws ConfigError for bad languages or min_texts, DataError when no Translation or Packages file can be had (its message names `import
// gettext`) or no pair is found.
ImportReport import_debian_descriptions(const DebianImportOptions& options, const ImportLog& log);

// Title with title, and paragraph with paragraph: all paragraphs and list items where both texts have the same sequence of them, only the
// paragraphs where just their number agrees, only the titles otherwise.
std::vector<ParallelPair> align_descriptions(const PackageDescription& source, const PackageDescription& target);

}  // namespace attnzoo
