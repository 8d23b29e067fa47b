#include "train/resume_checks.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/cache_folder.h"
#include "data/error.h"
#include "data/printable.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

bool is_missing(const std::string& file) {
  std::error_code error;
  return file != "-" && fs::status(file, error).type() == fs::file_type::not_found;
}

// "--set data.train.source=FILE" for every field of `source` that names files, where one of them is missing.
void add_missing(const SourceConfig& source, const std::string& part, std::vector<std::string>& missing,
                 std::vector<std::string>& settings) {
  const auto fields = source.to_json();
  const size_t num_missing = missing.size();
  for (const std::string& file : source.files())
    if (is_missing(file)) missing.push_back(file);
  if (missing.size() == num_missing) return;
  for (const auto& [key, value] : fields.items())
    if (value.is_array() || (value.is_string() && !key.ends_with("_field")))
      settings.push_back(fmt::format("--set data.{}.{}=FILE", part, key));
}

}  // namespace

bool has_outside_cache(const DataConfig& data, const fs::path& run) {
  if (data.cache.empty()) return false;
  std::error_code error;
  const auto cache = fs::weakly_canonical(data.cache, error), folder = fs::weakly_canonical(run, error);
  const auto inside = cache.lexically_relative(folder);
  return inside.empty() || *inside.begin() == "..";
}

void check_cache_of_run(const DataConfig& data, const fs::path& run, bool named_by_user) {
  if (named_by_user || !has_outside_cache(data, run) || knows_run(data.cache, run)) return;
  fail<ConfigError>(
      "{}: its configuration prepares data in {}, outside the run folder, where this run has not been before; to allow it, add: --set {}",
      run.string(), data.cache, shell_quoted("data.cache=" + data.cache));
}

void check_text_of_run(const DataConfig& data, const fs::path& run) {
  std::vector<std::string> missing, settings;
  add_missing(data.train, "train", missing, settings);
  add_missing(data.valid, "valid", missing, settings);
  if (!missing.empty())
    fail<DataError>("{}: the text that it was trained on is not there: {}; if it has moved, say where it is now: --override {}",
                    run.string(), fmt::join(missing, ", "), fmt::join(settings, " "));
}

}  // namespace attnzoo
