#include "data/cleaning.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/progress.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

enum ReasonId : size_t { kInvalidUtf8, kEmpty, kDuplicate, kTooLong, kRatio };

}  // namespace

// 64-bit hashes of pairs with open addressing: 8 to 16 bytes per pair, about 200 MB for 10 million pairs.
struct PairCleaner::SeenPairs {
  std::vector<uint64_t> slots = std::vector<uint64_t>(1 << 10);  // 0: free
  size_t num_used = 0;

  // Whether it is new.
  bool insert(uint64_t hash) {
    if (hash == 0) hash = 1;
    if (num_used * 3 >= slots.size() * 2) grow();
    uint64_t& slot = find(hash);
    if (slot == hash) return false;
    slot = hash;
    ++num_used;
    return true;
  }
  uint64_t& find(uint64_t hash) {
    size_t i = hash & (slots.size() - 1);
    while (slots[i] != 0 && slots[i] != hash) i = (i + 1) & (slots.size() - 1);
    return slots[i];
  }
  void grow() {
    std::vector<uint64_t> old(slots.size() * 2);
    old.swap(slots);
    for (const uint64_t hash : old) {
      if (hash != 0) find(hash) = hash;
    }
  }
};

CleaningConfig CleaningConfig::for_validation() const {
  CleaningConfig config = *this;
  const auto keep_dropped = [](std::string& policy, const char* instead) {
    if (policy == "drop") policy = instead;
  };
  keep_dropped(config.empty, "keep");
  keep_dropped(config.too_long, "truncate");
  keep_dropped(config.ratio, "keep");
  keep_dropped(config.duplicates, "keep");
  keep_dropped(config.invalid_utf8, "replace");
  return config;
}

InvalidUtf8 CleaningConfig::reading_policy() const { return invalid_utf8 == "error" ? InvalidUtf8::kError : InvalidUtf8::kReplace; }

CleaningConfig CleaningConfig::from_json(const nlohmann::json& fields) {
  CleaningConfig config;
  FieldReader reader(fields, "data.clean");
  reader.read_choice("empty", config.empty, {"keep", "drop", "error"});
  reader.read_choice("too_long", config.too_long, {"keep", "drop", "truncate", "error"});
  reader.read("max_source_length", config.max_source_length);
  reader.read("max_target_length", config.max_target_length);
  reader.read_choice("ratio", config.ratio, {"keep", "drop", "error"});
  reader.read("max_length_ratio", config.max_length_ratio);
  reader.read_choice("duplicates", config.duplicates, {"keep", "drop", "error"});
  reader.read_choice("invalid_utf8", config.invalid_utf8, {"error", "replace", "drop"});
  if (config.max_source_length < 1) reader.problem("max_source_length", fmt::format("must be 1 or more, got {}", config.max_source_length));
  if (config.max_target_length < 1) reader.problem("max_target_length", fmt::format("must be 1 or more, got {}", config.max_target_length));
  if (!(config.max_length_ratio >= 1))
    reader.problem("max_length_ratio", fmt::format("must be 1 or more, got {}", config.max_length_ratio));
  reader.finish();
  return config;
}

nlohmann::json CleaningConfig::to_json() const {
  return {{"empty", empty},
          {"too_long", too_long},
          {"max_source_length", max_source_length},
          {"max_target_length", max_target_length},
          {"ratio", ratio},
          {"max_length_ratio", max_length_ratio},
          {"duplicates", duplicates},
          {"invalid_utf8", invalid_utf8}};
}

std::string CleaningReport::text(const std::string& title, const std::string& item) const {
  std::string lines = fmt::format("{}: {} read, {} kept", title, counted(num_read, item), num_kept);
  for (const Reason& reason : reasons) {
    if (reason.num_pairs == 0) continue;
    lines += fmt::format("\n  {:<20} {:>9} {:<9} first: {}", reason.name, reason.num_pairs, reason.action, reason.example);
  }
  return lines;
}

CleaningReport CleaningReport::from_json(const nlohmann::json& fields) {
  CleaningReport report;
  report.num_read = fields.at("num_read").get<int64_t>();
  report.num_kept = fields.at("num_kept").get<int64_t>();
  for (const auto& reason : fields.at("reasons")) {
    report.reasons.push_back({reason.at("name").get<std::string>(), reason.at("action").get<std::string>(),
                              reason.at("num_pairs").get<int64_t>(), reason.at("example").get<std::string>()});
  }
  return report;
}

nlohmann::json CleaningReport::to_json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const Reason& reason : reasons)
    list.push_back({{"name", reason.name}, {"action", reason.action}, {"num_pairs", reason.num_pairs}, {"example", reason.example}});
  return {{"num_read", num_read}, {"num_kept", num_kept}, {"reasons", list}};
}

PairCleaner::PairCleaner(CleaningConfig config) : config_(std::move(config)) {
  // How the report says what a policy did.
  const auto done = [](const std::string& policy) -> std::string {
    return policy == "keep"       ? "kept"
           : policy == "drop"     ? "dropped"
           : policy == "truncate" ? "truncated"
           : policy == "replace"  ? "replaced"
                                  : policy;
  };
  report_.reasons = {
      {"not UTF-8", done(config_.invalid_utf8), 0, ""},
      {"empty side", done(config_.empty), 0, ""},
      {"duplicate", done(config_.duplicates), 0, ""},
      {fmt::format("over {}/{} tokens", config_.max_source_length, config_.max_target_length), done(config_.too_long), 0, ""},
      {fmt::format("length ratio > {}", config_.max_length_ratio), done(config_.ratio), 0, ""}};
  if (config_.duplicates != "keep") seen_ = std::make_unique<SeenPairs>();
}

PairCleaner::~PairCleaner() = default;

// Counts the pair and returns whether it stays.
bool PairCleaner::apply(size_t reason, const std::string& policy, const TextPair& pair, const std::string& what) {
  CleaningReport::Reason& entry = report_.reasons[reason];
  if (policy == "error") fail<DataError>("{}: {}; the policy for it is 'error'", pair.place(), what);
  if (entry.num_pairs++ == 0)
    entry.example = fmt::format("{}: {} ||| {}", pair.place(), shorten(pair.source, 40), shorten(pair.target, 40));
  return policy != "drop";
}

bool PairCleaner::keep_text(const TextPair& pair) {
  ++report_.num_read;
  if (pair.invalid_utf8 && !apply(kInvalidUtf8, config_.invalid_utf8, pair, "not valid UTF-8")) return false;
  const bool source_blank = is_blank(pair.source), target_blank = is_blank(pair.target);
  if (source_blank || target_blank) {
    const char* what = source_blank && target_blank ? "both sides are empty" : source_blank ? "the source is empty" : "the target is empty";
    if (!apply(kEmpty, config_.empty, pair, what)) return false;
  }
  if (seen_ != nullptr) {
    const uint64_t hash = std::hash<std::string>{}(pair.source) * 0x9E3779B97F4A7C15u + std::hash<std::string>{}(pair.target);
    if (!seen_->insert(hash) && !apply(kDuplicate, config_.duplicates, pair, "the same pair is in an earlier line")) return false;
  }
  return true;
}

bool PairCleaner::keep_ids(const TextPair& pair, std::vector<int32_t>& source, std::vector<int32_t>& target) {
  // Text of nothing but characters that the tokeniser removes; blank text was counted before.
  const bool vanished = (source.empty() && !is_blank(pair.source)) || (target.empty() && !is_blank(pair.target));
  if (vanished && !apply(kEmpty, config_.empty, pair, "a side has no tokens")) return false;
  const auto source_limit = static_cast<size_t>(config_.max_source_length), target_limit = static_cast<size_t>(config_.max_target_length);
  if (source.size() > source_limit || target.size() > target_limit) {
    const std::string what = fmt::format("{} source and {} target tokens; at most {} and {} are allowed", source.size(), target.size(),
                                         source_limit, target_limit);
    if (!apply(kTooLong, config_.too_long, pair, what)) return false;
    if (config_.too_long == "truncate") {
      source.resize(std::min(source.size(), source_limit));
      target.resize(std::min(target.size(), target_limit));
    }
  }
  const size_t shorter = std::min(source.size(), target.size()), longer = std::max(source.size(), target.size());
  if (shorter > 0 && static_cast<double>(longer) > config_.max_length_ratio * static_cast<double>(shorter)) {
    const std::string what = fmt::format("{} source and {} target tokens; a ratio of at most {} is allowed", source.size(), target.size(),
                                         config_.max_length_ratio);
    if (!apply(kRatio, config_.ratio, pair, what)) return false;
  }
  ++report_.num_kept;
  return true;
}

}  // namespace attnzoo
