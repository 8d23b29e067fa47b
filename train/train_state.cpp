#include "train/train_state.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "data/error.h"

namespace attnzoo {
namespace {

template <class T, class U>
concept MaybeConst = std::is_same_v<std::remove_const_t<T>, U>;

// Every field under its name in train_state.json, named once for writing and reading. visit.added() names those that states of older
// programs lack; they keep their defaults.
template <MaybeConst<BestValue> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("known", state.known);
  visit.added("metric", state.metric);
  visit("value", state.value);
  visit.added("loss", state.loss);
  visit("step", state.step);
}

template <MaybeConst<ReportWindow> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("loss", state.loss.loss);
  visit("nll", state.loss.nll);
  visit("target_tokens", state.loss.num_tokens);
  visit("batches", state.num_batches);
  visit("steps", state.num_steps);
  visit.added("skipped", state.num_skipped);
  visit.added("skipped_target_tokens", state.num_skipped_target_tokens);
  visit("source_tokens", state.num_source_tokens);
  visit("seconds", state.seconds);
  visit("gradient_norm", state.gradient_norm);
  visit("clipped", state.num_clipped);
}

template <MaybeConst<PlateauState> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("scale", state.scale);
  visit("bad_validations", state.bad_validations);
  visit("has_best", state.has_best);
  visit("best", state.best);
  visit.added("best_loss", state.best_loss);
}

template <MaybeConst<TimeAccount> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  for (size_t i = 0; i < kNumPhases; ++i) {
    const auto phase = static_cast<Phase>(i);
    visit(phase_name(phase), state.seconds(phase));
  }
}

template <MaybeConst<TrainState> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("step", state.step);
  visit("stream_position", state.stream_position);
  visit("epochs_done", state.epochs_done);
  visit("elapsed_s", state.elapsed_s);
  visit("source_tokens", state.num_source_tokens);
  visit("target_tokens", state.num_target_tokens);
  visit("nonfinite_in_row", state.nonfinite_in_row);
  visit("nonfinite", state.num_nonfinite);
  visit.added("warmup_steps", state.warmup_steps);
  visit.added("last_validation", state.last_validation);
  visit("validation_due", state.validation_due);
  visit("best", state.best);
  visit("early_best", state.early_best);
  visit("bad_validations", state.bad_validations);
  visit("plateau", state.plateau);
  visit("window", state.window);
  visit("seconds", state.time);
}

template <class Value>
constexpr bool kIsLeaf = std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>;

template <class Value>
nlohmann::json value_to_json(const Value& value);

struct Writer {
  nlohmann::json& fields;
  void operator()(const char* name, const auto& field) const { fields[name] = value_to_json(field); }
  void added(const char* name, const auto& field) const { (*this)(name, field); }
};

template <class Value>
nlohmann::json value_to_json(const Value& value) {
  if constexpr (kIsLeaf<Value>) {
    return value;  // a number that is not finite becomes null in the file
  } else {
    auto fields = nlohmann::json::object();
    visit_fields(value, Writer{fields});
    return fields;
  }
}

// Counts of a run stay far below 2^53; more is damage, and would keep the search for the place in the data busy for ever.
constexpr int64_t kMaxStateCount = int64_t{1} << 53;

class Reader {
 public:
  Reader(const nlohmann::json& fields, std::string where, std::string prefix)
      : fields_(fields), where_(std::move(where)), prefix_(std::move(prefix)) {}

  void operator()(const char* name, auto& field) const {
    const auto found = fields_.find(name);
    if (found == fields_.end()) fail_field(name, "is missing");
    read(name, *found, field);
  }
  void added(const char* name, auto& field) const {
    const auto found = fields_.find(name);
    if (found != fields_.end()) read(name, *found, field);
  }

 private:
  template <class Value>
  void read(const char* name, const nlohmann::json& json, Value& value) const {
    if constexpr (std::is_same_v<Value, bool>) {
      if (!json.is_boolean()) fail_value(name, "true or false", json);
      value = json.get<bool>();
    } else if constexpr (std::is_same_v<Value, int64_t>) {
      if (!json.is_number_integer() || json < 0 || json > kMaxStateCount)
        fail_value(name, fmt::format("a whole number from 0 to {}", kMaxStateCount), json);
      value = json.get<int64_t>();
    } else if constexpr (std::is_same_v<Value, double>) {
      if (!json.is_number() && !json.is_null()) fail_value(name, "a number", json);
      value = json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
    } else if constexpr (std::is_same_v<Value, std::string>) {
      if (!json.is_string()) fail_value(name, "a string", json);
      value = json.get<std::string>();
    } else {
      if (!json.is_object()) fail_value(name, "an object", json);
      visit_fields(value, Reader(json, where_, prefix_ + name + "."));
    }
  }

  [[noreturn]] void fail_field(const char* name, const std::string& what) const {
    fail<CheckpointError>("{}: not a state that training can resume from: '{}{}' {}", where_, prefix_, name, what);
  }
  [[noreturn]] void fail_value(const char* name, const std::string& wanted, const nlohmann::json& json) const {
    const auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    fail_field(name, fmt::format("must be {}, got {}", wanted, text.size() <= 60 ? text : text.substr(0, 57) + "..."));
  }

  const nlohmann::json& fields_;
  std::string where_, prefix_;
};

}  // namespace

bool BestValue::offer(const std::string& by_metric, MetricValue candidate, int64_t at_step) {
  const bool comparable = known && (metric.empty() || metric == by_metric);
  if (comparable ? !is_better(by_metric, candidate, {value, loss}) : !std::isfinite(candidate.value)) return false;
  *this = {true, by_metric, candidate.value, candidate.loss, at_step};
  return true;
}

nlohmann::json TrainState::to_json() const { return value_to_json(*this); }

TrainState TrainState::from_json(const nlohmann::json& fields, const std::string& where) {
  TrainState state;
  if (!fields.is_object()) fail<CheckpointError>("{}: not a state that training can resume from: it is not an object", where);
  visit_fields(state, Reader(fields, where, ""));
  const auto check = [&](bool holds, const char* what) {
    if (!holds) fail<CheckpointError>("{}: not a state that training can resume from: {}", where, what);
  };
  check(std::isfinite(state.elapsed_s) && state.elapsed_s >= 0, "'elapsed_s' must be 0 or more");
  check(state.plateau.scale >= 0 && state.plateau.scale <= 1, "'plateau.scale' must be between 0 and 1");
  check(state.stream_position >= state.step, "'stream_position' must be at least 'step': a step takes at least one batch");
  check(state.window.num_skipped <= state.window.num_steps, "'window.skipped' must be at most 'window.steps'");
  return state;
}

}  // namespace attnzoo
