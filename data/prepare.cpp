#include "data/prepare.h"

#include <fmt/ranges.h>

#include <system_error>

#include "data/cache_folder.h"
#include "data/error.h"
#include "data/files.h"
#include "data/folder_lock.h"
#include "data/input_digest.h"
#include "data/json_fields.h"
#include "data/prepare_stages.h"
#include "data/spooled_input.h"
#include "data/stored_path.h"
#include "data/temporary_path.h"

namespace attnzoo {
namespace {

// Counts up whenever the same inputs and settings would give other files.
constexpr int64_t kCacheFormat = 3;

// prepared.json: what the files in the folder were made from, and the reports of making them.
nlohmann::json read_state(const std::filesystem::path& file, const StageLog& log) {
  std::error_code unknown;
  if (!std::filesystem::exists(file, unknown) && !unknown) return nlohmann::json::object();
  try {
    nlohmann::json state = read_json(file);
    if (state.is_object()) return state;
  } catch (const Error&) {
  }
  log.line(fmt::format("{}: damaged; everything is prepared again", file.string()));
  return nlohmann::json::object();
}

// Whether `state` says that `part` was made from `digest`; a change is said once.
bool is_current(const nlohmann::json& state, const char* part, const std::string& digest, const StageLog& log) {
  const auto found = state.find(part);
  if (found == state.end() || !found->is_object() || !found->contains("digest")) return false;
  if ((*found)["digest"] == digest) return true;
  log.line(
      fmt::format("{}: the text or the settings have changed; prepared again", part == std::string_view("tokenizer") ? "tokeniser" : part));
  return false;
}

// A recipe that says how to get its text is asked when a file is missing.
void require_text(const DataConfig& config) {
  if (config.obtain.empty()) return;
  for (const SourceConfig* part : {&config.train, &config.valid}) {
    for (const std::string& file : part->files()) {
      std::error_code ignored;
      if (file != "-" && !std::filesystem::exists(file, ignored))
        fail<DataError>("{}: no such file; the recipe says how to get it: {}", file, config.obtain);
    }
  }
}

class Preparation {
 public:
  Preparation(const DataConfig& config, const std::filesystem::path& cache, const StageLog& log)
      : config_(config), cache_(cache), log_(log), state_(read_state(cache / "prepared.json", log)) {}

  TokenizerPair tokenizers(const nlohmann::json& train_identity) {
    const CleaningConfig& clean = config_.clean;
    const std::string digest = digest_of({{"format", kCacheFormat},
                                          {"text", train_identity},
                                          {"tokenizer", config_.tokenizer.to_json()},
                                          {"task", config_.task},
                                          {"clean", {clean.empty, clean.duplicates, clean.invalid_utf8}}});
    if (is_current(state_, "tokenizer", digest, log_)) {
      try {
        TokenizerPair pair = TokenizerPair::load(cache_);
        log_.line(fmt::format("tokeniser: reused from {}", cache_.string()));
        return pair;
      } catch (const Error& error) {
        log_.line(fmt::format("{}; the tokeniser is learned again", error.what()));
      }
    }
    TokenizerPair pair = learn_tokenizers(config_.train, config_.task, clean, config_.tokenizer, log_);
    pair.save(cache_);
    remember("tokenizer", {{"digest", digest}});
    return pair;
  }

  std::shared_ptr<const Corpus> corpus(const std::string& part, const SourceConfig& text, const CleaningConfig& clean,
                                       const nlohmann::json& identity, const TokenizerPair& tokenizers, CleaningReport& report) {
    const auto file = cache_ / (part + ".corpus");
    const std::string digest = digest_of({{"format", kCacheFormat},
                                          {"text", identity},
                                          {"clean", clean.to_json()},
                                          {"task", config_.task},
                                          {"copy_unknown", config_.tokenizer.copy_unknown},
                                          {"tokenizer", tokenizers.fingerprint()}});
    if (is_current(state_, part.c_str(), digest, log_)) {
      try {
        auto corpus = Corpus::open(file);
        if (corpus->digest() != digest) fail<DataError>("{}: was made from other text or settings", file.string());
        const auto& [source, target] = tokenizers;
        check_ids_within(*corpus, {source->vocabulary_size(), target->vocabulary_size(), config_.tokenizer.copy_unknown});
        report = CleaningReport::from_json(state_[part].at("report"));
        log_.line(fmt::format("{}: {} reused from {}", part, counted(corpus->num_pairs(), item_of(config_.task)), file.string()));
        return corpus;
      } catch (const std::exception& error) {  // nlohmann's as well, for a report of another form
        log_.line(fmt::format("{}; {} is prepared again", error.what(), part));
      }
    }
    report = write_corpus(part, text, {config_.task, config_.tokenizer.copy_unknown}, clean, tokenizers, file, digest, log_);
    remember(part, {{"digest", digest}, {"report", report.to_json()}});
    return Corpus::open(file);
  }

  bool made_nothing() const { return made_nothing_; }

 private:
  void remember(const std::string& part, nlohmann::json made) {
    state_[part] = std::move(made);
    write_file(cache_ / "prepared.json", state_.dump(2) + "\n", Links::kRefuse);
    made_nothing_ = false;
  }

  const DataConfig& config_;
  const std::filesystem::path& cache_;
  const StageLog& log_;
  nlohmann::json state_;
  bool made_nothing_ = true;
};

}  // namespace

Task task_of(const nlohmann::json& recipe) {
  std::string name = "translation";
  FieldReader reader(recipe, "");
  reader.read_choice("task", name, kTaskNames);
  reader.also_known({"data", "model", "train"});
  reader.finish();
  return task_named(name);
}

DataConfig DataConfig::from_json(const nlohmann::json& fields, const std::filesystem::path& relative_to, Task task) {
  DataConfig config;
  config.task = task;
  std::vector<std::string> problems;
  const auto collect = [&](const std::function<void()>& read) {
    try {
      read();
    } catch (const ConfigError& error) {
      problems.push_back(error.what());
    }
  };
  FieldReader reader(fields, "data");
  collect([&] { config.train = SourceConfig::from_json(reader.object("train"), "data.train", relative_to); });
  collect([&] { config.valid = SourceConfig::from_json(reader.object("valid"), "data.valid", relative_to); });
  collect([&] { config.tokenizer = TokenizerConfig::from_json(reader.object("tokenizer")); });
  collect([&] { config.clean = CleaningConfig::from_json(reader.object("clean")); });
  if (reader.read("cache", config.cache) && !config.cache.empty())
    collect([&] { config.cache = stored_path(config.cache, relative_to, "data.cache"); });
  reader.read("obtain", config.obtain);
  collect([&] { reader.finish(); });
  for (const auto* part : {&config.train, &config.valid}) {
    if (part->empty() || part->has_pairs() == (task != Task::kLanguageModel)) continue;
    const char* name = part == &config.train ? "data.train" : "data.valid";
    problems.push_back(part->has_pairs() ? fmt::format("{}: a language model learns from running text; name it with {}", name,
                                                       SourceConfig::forms_of_running_text())
                                         : fmt::format("{}: {} is running text, for task 'language-model'; name pairs with {}", name,
                                                       SourceConfig::forms_of_running_text(), SourceConfig::forms_of_pairs()));
  }
  if (task == Task::kClassification && config.tokenizer.copy_unknown)
    problems.push_back("data.tokenizer.copy_unknown: a label is not copied; omit it");
  if (!problems.empty()) fail<ConfigError>("{}", fmt::join(problems, "; "));
  return config;
}

nlohmann::json DataConfig::to_json() const {
  nlohmann::json fields = {{"train", train.to_json()}, {"tokenizer", tokenizer.to_json()}, {"clean", clean.to_json()}};
  if (!valid.empty()) fields["valid"] = valid.to_json();
  if (!cache.empty()) fields["cache"] = cache;
  if (!obtain.empty()) fields["obtain"] = obtain;
  return fields;
}

std::vector<std::string> DataConfig::path_fields() {
  std::vector<std::string> fields = {"data.cache"};
  for (const std::string& key : SourceConfig::file_keys())
    for (const char* part : {"data.train.", "data.valid."}) fields.push_back(part + key);
  return fields;
}

PreparedData prepare_data(const DataConfig& given_config, const std::filesystem::path& cache, const TokenizerPair& given,
                          const std::function<void(const std::string&)>& log_line, Progress* progress) {
  DataConfig config = given_config;
  if (config.train.empty()) {
    fail<ConfigError>("data.train: names no text; give {}",
                      config.task == Task::kLanguageModel ? SourceConfig::forms_of_running_text() : SourceConfig::forms_of_pairs());
  }
  require_text(config);
  const StageLog log{log_line, progress};
  const FolderLock lock(cache / kCacheLock, "choose another folder with data.cache", [&](const std::string& owner) {
    log.line(fmt::format("waiting for {}, which prepares data in {}", owner, cache.string()));
  });
  refuse_cache_of_others(cache);
  remove_leftovers(cache);
  auto copies = std::make_shared<const SpooledInput>(std::vector<SourceConfig*>{&config.train, &config.valid}, cache, log_line);

  const nlohmann::json train_identity = identity_of(config.train);
  const nlohmann::json valid_identity = identity_of(config.valid);
  Preparation preparation(config, cache, log);
  PreparedData data;
  data.tokenizers = given.source && given.target ? given : preparation.tokenizers(train_identity);
  data.train = preparation.corpus("train", config.train, config.clean, train_identity, data.tokenizers, data.train_report);
  if (!config.valid.empty()) {
    const CleaningConfig clean = config.clean.for_validation();
    data.valid = preparation.corpus("valid", config.valid, clean, valid_identity, data.tokenizers, data.valid_report);
    PairReader reader(config.valid, clean.reading_policy());
    TextPair pair;
    while (reader.next(pair)) {
      data.valid_source.push_back(pair.source);
      data.valid_target.push_back(pair.target);
    }
    if (static_cast<int64_t>(data.valid_source.size()) != data.valid->num_pairs())
      fail<DataError>("{}: changed while it was being prepared; start again", config.valid.name());
  }
  data.train_text = config.train;
  data.copies = std::move(copies);
  data.reused = preparation.made_nothing();
  return data;
}

std::filesystem::path default_cache(const std::filesystem::path& recipe) {
  std::error_code no_working_folder;  // then the path stays relative
  return std::filesystem::absolute(recipe, no_working_folder).parent_path() / "prepared" / recipe.stem();
}

}  // namespace attnzoo
