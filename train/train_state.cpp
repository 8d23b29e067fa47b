#include "train/train_state.h"

#include <nlohmann/json.hpp>
#include <type_traits>

#include "data/error.h"

namespace attnzoo {
namespace {

template <class T, class U>
concept MaybeConst = std::is_same_v<std::remove_const_t<T>, U>;

// Every field under its name in train_state.json, named once for writing and reading.
template <MaybeConst<BestValue> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("known", state.known);
  visit("value", state.value);
  visit("step", state.step);
}

template <MaybeConst<ReportWindow> State, class Visit>
void visit_fields(State& state, const Visit& visit) {
  visit("loss", state.loss.loss);
  visit("nll", state.loss.nll);
  visit("target_tokens", state.loss.num_tokens);
  visit("batches", state.num_batches);
  visit("steps", state.num_steps);
  visit("source_tokens", state.num_source_tokens);
  visit("seconds", state.seconds);
  visit("gradient_norm", state.gradient_norm);
  visit("clipped", state.num_clipped);
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
  visit("validation_due", state.validation_due);
  visit("last_validated_step", state.last_validated_step);
  visit("best", state.best);
  visit("early_best", state.early_best);
  visit("bad_validations", state.bad_validations);
  visit("plateau", state.plateau);
  visit("window", state.window);
  visit("seconds", state.time);
}

template <class Value>
nlohmann::json value_to_json(const Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    return value;
  } else if constexpr (std::is_same_v<Value, PlateauState> || std::is_same_v<Value, TimeAccount>) {
    return value.to_json();
  } else {
    nlohmann::json fields;
    visit_fields(value, [&](const char* name, const auto& field) { fields[name] = value_to_json(field); });
    return fields;
  }
}

template <class Value>
void value_from_json(const nlohmann::json& json, Value& value) {
  if constexpr (std::is_arithmetic_v<Value>) {
    json.get_to(value);
  } else if constexpr (std::is_same_v<Value, PlateauState>) {
    value = PlateauState::from_json(json);
  } else if constexpr (std::is_same_v<Value, TimeAccount>) {
    value.restore(json);
  } else {
    visit_fields(value, [&](const char* name, auto& field) { value_from_json(json.at(name), field); });
  }
}

}  // namespace

bool BestValue::offer(const std::string& metric, double candidate, int64_t at_step) {
  if (known && !is_better(metric, candidate, value)) return false;
  *this = {true, candidate, at_step};
  return true;
}

nlohmann::json TrainState::to_json() const { return value_to_json(*this); }

TrainState TrainState::from_json(const nlohmann::json& fields, const std::string& where) {
  TrainState state;
  try {
    value_from_json(fields, state);
  } catch (const nlohmann::json::exception& error) {
    fail<CheckpointError>("{}: not a state of training that this program can go on from: {}", where, error.what());
  }
  return state;
}

}  // namespace attnzoo
