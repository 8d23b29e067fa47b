#include "train/train_state.h"

#include <nlohmann/json.hpp>

#include "data/error.h"

namespace attnzoo {
namespace {

nlohmann::json best_to_json(const BestValue& best) { return {{"known", best.known}, {"value", best.value}, {"step", best.step}}; }

BestValue best_from_json(const nlohmann::json& fields) {
  return {fields.at("known").get<bool>(), fields.at("value").get<double>(), fields.at("step").get<int64_t>()};
}

nlohmann::json window_to_json(const ReportWindow& window) {
  return {{"loss", window.loss.loss},
          {"nll", window.loss.nll},
          {"target_tokens", window.loss.num_tokens},
          {"batches", window.num_batches},
          {"steps", window.num_steps},
          {"source_tokens", window.num_source_tokens},
          {"seconds", window.seconds},
          {"gradient_norm", window.gradient_norm},
          {"clipped", window.num_clipped}};
}

ReportWindow window_from_json(const nlohmann::json& fields) {
  ReportWindow window;
  fields.at("loss").get_to(window.loss.loss);
  fields.at("nll").get_to(window.loss.nll);
  fields.at("target_tokens").get_to(window.loss.num_tokens);
  fields.at("batches").get_to(window.num_batches);
  fields.at("steps").get_to(window.num_steps);
  fields.at("source_tokens").get_to(window.num_source_tokens);
  fields.at("seconds").get_to(window.seconds);
  fields.at("gradient_norm").get_to(window.gradient_norm);
  fields.at("clipped").get_to(window.num_clipped);
  return window;
}

}  // namespace

bool BestValue::offer(const std::string& metric, double candidate, int64_t at_step) {
  if (known && !is_better(metric, candidate, value)) return false;
  *this = {true, candidate, at_step};
  return true;
}

nlohmann::json TrainState::to_json() const {
  return {{"step", step},
          {"stream_position", stream_position},
          {"epochs_done", epochs_done},
          {"elapsed_s", elapsed_s},
          {"source_tokens", num_source_tokens},
          {"target_tokens", num_target_tokens},
          {"nonfinite_in_row", nonfinite_in_row},
          {"nonfinite", num_nonfinite},
          {"validation_due", validation_due},
          {"last_validated_step", last_validated_step},
          {"best", best_to_json(best)},
          {"early_best", best_to_json(early_best)},
          {"bad_validations", bad_validations},
          {"plateau", plateau.to_json()},
          {"window", window_to_json(window)},
          {"seconds", time.to_json()}};
}

TrainState TrainState::from_json(const nlohmann::json& fields, const std::string& where) {
  TrainState state;
  try {
    fields.at("step").get_to(state.step);
    fields.at("stream_position").get_to(state.stream_position);
    fields.at("epochs_done").get_to(state.epochs_done);
    fields.at("elapsed_s").get_to(state.elapsed_s);
    fields.at("source_tokens").get_to(state.num_source_tokens);
    fields.at("target_tokens").get_to(state.num_target_tokens);
    fields.at("nonfinite_in_row").get_to(state.nonfinite_in_row);
    fields.at("nonfinite").get_to(state.num_nonfinite);
    fields.at("validation_due").get_to(state.validation_due);
    fields.at("last_validated_step").get_to(state.last_validated_step);
    state.best = best_from_json(fields.at("best"));
    state.early_best = best_from_json(fields.at("early_best"));
    fields.at("bad_validations").get_to(state.bad_validations);
    state.plateau = PlateauState::from_json(fields.at("plateau"));
    state.window = window_from_json(fields.at("window"));
    state.time.restore(fields.at("seconds"));
  } catch (const nlohmann::json::exception& error) {
    fail<CheckpointError>("{}: not a state of training that this program can go on from: {}", where, error.what());
  }
  return state;
}

}  // namespace attnzoo
