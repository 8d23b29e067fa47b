#include "data/cache_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "data/corpus_format.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunsFile = "runs.json";
constexpr uint64_t kMaxRunsBytes = uint64_t{1} << 20;

// Whether `file` begins as attnzoo's files of its kind do. A truncated or damaged one of them still does.
bool begins_with(const fs::path& file, std::string_view magic) {
  const Stream stream = open_regular_file(file, Links::kRefuse);
  std::string begin(magic.size(), '\0');
  begin.resize(std::fread(begin.data(), 1, begin.size(), stream.get()));
  return magic.starts_with(begin);
}

[[noreturn]] void fail_not_ours(const fs::path& file) {
  fail<DataError>("{}: was not made by attnzoo, and prepared data would replace it; choose another folder with data.cache, or move it away",
                  file.string());
}

const std::set<std::string> kParts = {"tokenizer", "train", "valid"};

// Whether the file says what a cache was made from, or did before it was damaged, which preparing notices.
bool is_state_of_cache(const fs::path& file) {
  const std::string content = read_file(file, kMaxFileBytes, Links::kRefuse);
  nlohmann::json state;
  try {
    state = parse_json(content, file.string());
  } catch (const Error&) {
    const auto quote = content.find_first_not_of(" \n", 1), end = content.find('"', quote + 1);
    return content.starts_with("{") && quote != content.npos && content[quote] == '"' && end != content.npos &&
           kParts.contains(content.substr(quote + 1, end - quote - 1));
  }
  if (!state.is_object()) return false;
  for (const auto& [part, made] : state.items())
    if (!kParts.contains(part) || !made.is_object() || !made.contains("digest")) return false;
  return true;
}

// {"runs": [FOLDER, ...]}, or null for anything else.
nlohmann::json read_runs(const fs::path& file) {
  try {
    auto runs = parse_json(read_file(file, kMaxRunsBytes, Links::kRefuse), file.string());
    const auto is_folder_name = [](const auto& run) { return run.is_string() && fs::path(run.template get<std::string>()).is_absolute(); };
    if (runs.is_object() && runs.size() == 1 && runs.contains("runs") && runs["runs"].is_array() &&
        std::ranges::all_of(runs["runs"], is_folder_name))
      return runs;
  } catch (const Error&) {
  }
  return nullptr;
}

// No run is known where the file is missing or is not attnzoo's.
nlohmann::json runs_of(const fs::path& cache) {
  auto runs = read_runs(cache / kRunsFile);
  return runs.is_null() ? nlohmann::json{{"runs", nlohmann::json::array()}} : runs;
}

std::string name_of_run(const fs::path& run) {
  std::error_code error;
  return fs::weakly_canonical(run, error).string();
}

}  // namespace

void refuse_cache_of_others(const fs::path& cache) {
  std::error_code error;
  const auto exists = [&](const fs::path& file) { return fs::exists(fs::symlink_status(file, error)); };
  const fs::path state = cache / "prepared.json";
  if (exists(state) && !is_state_of_cache(state)) fail_not_ours(state);
  if (exists(cache / kRunsFile) && read_runs(cache / kRunsFile).is_null()) fail_not_ours(cache / kRunsFile);
  for (const char* name : {"source.tokenizer", "target.tokenizer"})
    if (exists(cache / name) && !begins_with(cache / name, "{\"attnzoo_tokenizer\"")) fail_not_ours(cache / name);
  for (const char* name : {"train.corpus", "valid.corpus"})
    if (exists(cache / name) && !begins_with(cache / name, kCorpusMagic)) fail_not_ours(cache / name);
}

void remember_run(const fs::path& cache, const fs::path& run) {
  if (knows_run(cache, run)) return;
  auto runs = runs_of(cache);
  runs["runs"].push_back(name_of_run(run));
  write_file(cache / kRunsFile, runs.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", Links::kRefuse);
}

bool knows_run(const fs::path& cache, const fs::path& run) {
  const auto runs = runs_of(cache)["runs"];
  return std::find(runs.begin(), runs.end(), name_of_run(run)) != runs.end();
}

}  // namespace attnzoo
