// Where the indexes of a Debian archive come from: a folder, this machine's apt lists, or a private download.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/importers/parallel_output.h"

namespace attnzoo {

// Named as in the archive: "Translation-de" (the descriptions in one language), "Packages" (the packages and their sections).
inline constexpr char kPackagesIndex[] = "Packages";
std::string translation_index(const std::string& language);

// Name of an index -> content of its files (a machine may have several suites).
using IndexTexts = std::map<std::string, std::vector<std::string>>;

// Reads the files of every index in `names` from `folder` (files end in the index's name, or that and .gz, .xz, .bz2, .lz4, .zst). An index
// without a file has no entry. Throws DataError when the folder or a file cannot be read.
IndexTexts read_indexes(const std::filesystem::path& folder, const std::vector<std::string>& names);

// The same from apt's lists; those that the machine does not keep are downloaded into a temporary folder. Throws DataError that tells an
// archive out of reach from one without that language.
IndexTexts fetch_indexes(const std::vector<std::string>& names, int64_t timeout_s, const ImportLog& log);

}  // namespace attnzoo
