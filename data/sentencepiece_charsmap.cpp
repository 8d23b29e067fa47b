#include "data/sentencepiece_charsmap.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace attnzoo {
namespace {

constexpr int kMaxNestedRules = 32;  // Normalizer::kMaxTrieResultsSize
constexpr size_t kMaxRuleBytes = 256;
constexpr size_t kMaxRuleDepth = 4096;  // bytes of text that one rule replaces

// A double array in Darts-clone's form, and the texts that its values point to.
class Rules {
 public:
  Rules(std::vector<uint32_t> units, std::string_view texts) : units_(std::move(units)), texts_(texts) {}

  // Visits every unit that a text can lead to, depth first.
  bool are_sound() {
    if (units_.empty()) return false;
    state_.assign(units_.size(), kNew);
    if (!enter(0)) return false;
    while (!path_.empty()) {
      Step& step = path_.back();
      if (step.next_byte == 256) {
        leave();
        continue;
      }
      const size_t child = step.base ^ step.next_byte;
      if ((units_[child] & 0x800000FF) != step.next_byte++) continue;
      if (state_[child] == kOnPath) return false;  // a circle
      if (state_[child] == kNew) {
        if (!enter(child)) return false;
      } else {
        step.nested_below = std::max(step.nested_below, state_[child]);
      }
      if (path_.back().nested_below > kMaxNestedRules) return false;
    }
    return state_[0] <= kMaxNestedRules;
  }

 private:
  static constexpr int kNew = -1, kOnPath = -2;  // else: the rules that a path from the unit can meet
  struct Step {
    size_t unit, base;
    uint32_t next_byte;
    int nested_below;
  };

  bool has_value(size_t unit) const { return (units_[unit] >> 8 & 1) != 0; }

  bool enter(size_t unit) {
    const uint32_t bits = units_[unit];
    const size_t base = unit ^ (static_cast<size_t>(bits >> 10) << ((bits & (1u << 9)) >> 6));
    if ((base | 0xFF) >= units_.size() || path_.size() >= kMaxRuleDepth) return false;
    if (has_value(unit)) {
      const size_t text = units_[base] & 0x7FFFFFFF;
      if (text >= texts_.size() || texts_.substr(text, kMaxRuleBytes + 1).find('\0') == std::string_view::npos) return false;
    }
    state_[unit] = kOnPath;
    path_.push_back({unit, base, 0, 0});
    return true;
  }

  void leave() {
    const Step step = path_.back();
    path_.pop_back();
    state_[step.unit] = step.nested_below + has_value(step.unit);
    if (!path_.empty()) path_.back().nested_below = std::max(path_.back().nested_below, state_[step.unit]);
  }

  std::vector<uint32_t> units_;
  std::string_view texts_;
  std::vector<int> state_;
  std::vector<Step> path_;
};

}  // namespace

bool is_sound_charsmap(std::string_view charsmap) {
  uint32_t num_array_bytes = 0;
  if (charsmap.empty()) return true;
  if (charsmap.size() < sizeof num_array_bytes) return false;
  std::memcpy(&num_array_bytes, charsmap.data(), sizeof num_array_bytes);
  charsmap.remove_prefix(sizeof num_array_bytes);
  if (num_array_bytes >= charsmap.size() || num_array_bytes % sizeof(uint32_t) != 0) return false;
  std::vector<uint32_t> units(num_array_bytes / sizeof(uint32_t));
  std::memcpy(units.data(), charsmap.data(), num_array_bytes);
  return Rules(std::move(units), charsmap.substr(num_array_bytes)).are_sound();
}

}  // namespace attnzoo
