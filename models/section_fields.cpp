#include "models/section_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/json_fields.h"

namespace attnzoo {

nlohmann::json SectionFields::of_part(const std::string& part, const std::string& prefix, const nlohmann::json& defaults,
                                      const std::vector<FieldAlias>& aliases) {
  auto fields = nlohmann::json::object();
  for (const auto& item : defaults.items()) {
    const auto& key = item.key();
    // From the least to the most specific.
    std::vector<std::string> names = {key};
    for (const auto& alias : aliases)
      if (alias.canonical == key) names.push_back(alias.name);
    for (size_t i = 0, shared = names.size(); i < shared; ++i) names.push_back(prefix + names[i]);
    known_.insert(key);
    candidates_.insert(names.begin(), names.end());
    for (const auto& alias : aliases)
      if (alias.canonical == key) {
        canonical_[alias.name] = key;
        canonical_[prefix + alias.name] = prefix + key;
      }

    for (const auto& name : names)
      if (base_.contains(name)) fields[key] = base_[name];
    const auto of_part_alone = base_.find(part);
    if (of_part_alone != base_.end() && of_part_alone->contains(key)) fields[key] = (*of_part_alone)[key];
    std::string winner;
    for (const auto& name : names)
      if (flat_.contains(name)) {
        fields[key] = flat_[name];
        winner = name;
      }
    for (const auto& name : names) {
      if (!flat_.contains(name)) continue;
      if (name == winner) {
        effective_.insert(name);
      } else {
        outranked_by_[name].insert(winner);
      }
    }
  }
  return fields;
}

std::vector<std::string> SectionFields::problems() const {
  std::vector<std::string> problems;
  auto names = candidates_;
  names.insert(own_.begin(), own_.end());
  const std::vector<std::string> all(names.begin(), names.end());
  constexpr size_t kMostProblems = 10;  // each looks for a near name
  bool unknown = false;
  for (const auto& item : flat_.items()) {
    const auto& key = item.key();
    if (problems.size() == kMostProblems) break;
    if (effective_.count(key) > 0 || std::find(own_.begin(), own_.end(), key) != own_.end()) continue;
    const auto outranked = outranked_by_.find(key);
    if (outranked != outranked_by_.end()) {
      problems.push_back(fmt::format("model.{}: has no effect beside {}; omit it", key, fmt::join(outranked->second, " and ")));
      continue;
    }
    auto near = nearest(key, all);
    if (const auto alias = canonical_.find(near); alias != canonical_.end()) near = alias->second;
    problems.push_back(fmt::format("model.{}: unknown key{}", key, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near)));
    unknown = true;
  }
  if (unknown) problems.back() += fmt::format("; known keys: {}", fmt::join(known_, ", "));
  return problems;
}

void lay_over(nlohmann::json& section, const nlohmann::json& fields) {
  const auto forget_canonical = [&](const std::string& key, const auto& kinds) {
    for (const auto& kind : kinds)
      for (const auto& alias : kind.aliases)
        if (alias.name == key) section.erase(alias.canonical);
  };
  for (const auto& [key, value] : fields.items()) {
    for (const char* prefix : {"encoder_", "decoder_"}) section.erase(prefix + key);
    forget_canonical(key, encoder_kinds());
    forget_canonical(key, decoder_kinds());
    section[key] = value;
  }
  // A field of both parts leaves nothing for the one without prefix.
  for (const auto& [key, value] : fields.items()) {
    const std::string bare = key.starts_with("encoder_") || key.starts_with("decoder_") ? key.substr(8) : "";
    if (!bare.empty() && !fields.contains(bare) && section.contains("encoder_" + bare) && section.contains("decoder_" + bare))
      section.erase(bare);
  }
}

}  // namespace attnzoo
