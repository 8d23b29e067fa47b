// Imports Multi30k, image captions in English, German, French and Czech, in the layout of its public repository: `attnzoo-data import
// multi30k`. The dataset's own division into training, validation and test sets is kept, line by line.
#pragma once

#include <filesystem>
#include <string>

#include "data/importers/parallel_output.h"

namespace attnzoo {

// Where the dataset is, and who made it under which terms; for help texts and messages.
inline constexpr const char* kMulti30kAddress = "https://github.com/multi30k/dataset";
inline constexpr const char* kMulti30kTerms =
    "Elliott et al. 2016; captions of Flickr30K; for research use; the repository names no licence";

struct Multi30kImportOptions {
  std::string source_language = "en", target_language = "de";
  // The repository, or a folder inside it: data, data/task1, data/task1/raw. Files are plain or gzip.
  std::filesystem::path from;
  // The recipes in train/recipes read this folder of the checkout.
  std::filesystem::path out = "build/multi30k";
};

// Writes train.*, valid.* (from val.*), every test_* set that has both languages, and import.json. Throws ConfigError for bad languages,
// DataError when train or val is missing (listing what was looked for and where), not UTF-8, or of unequal line counts.
ImportReport import_multi30k(const Multi30kImportOptions& options, const ImportLog& log);

}  // namespace attnzoo
