// Where Debian's Translation-XX files come from: a folder, this machine's apt lists, or a private download.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/importers/parallel_output.h"

namespace attnzoo {

// Language -> content of its Translation files (a machine may have several suites).
using TranslationTexts = std::map<std::string, std::vector<std::string>>;

// Reads the Translation files of every language from `folder` (names end in Translation-XX, or that and .gz, .xz, .bz2, .lz4, .zst). A
// language without a file has no entry. Throws DataError when the folder or a file cannot be read.
TranslationTexts read_translations(const std::filesystem::path& folder, const std::vector<std::string>& languages);

// The same from apt's lists, downloaded into a temporary folder when the machine does not keep them. Throws DataError that tells an archive
// out of reach from one without that language.
TranslationTexts fetch_translations(const std::vector<std::string>& languages, int64_t timeout_s, const ImportLog& log);

}  // namespace attnzoo
