// What a training run says while it runs: log entries, report lines, the live line, the closing summary.
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "train/compute_rate.h"
#include "train/run_report.h"
#include "train/trainer.h"

namespace attnzoo {
namespace {

Report make_report(const ReportWindow& window, const TrainState& state, const TrainConfig& config, const BatchStream& stream,
                   double learning_rate) {
  Report report;
  report.step = state.step;
  report.max_steps = config.max_steps;
  report.epoch = stream.epoch() + 1;
  report.loss = window.loss.loss_per_token();
  report.perplexity = window.loss.perplexity();
  report.smoothed = config.loss.label_smoothing > 0;
  report.learning_rate = learning_rate;
  report.num_batches = window.num_batches;
  report.num_source_tokens = window.num_source_tokens;
  report.num_target_tokens = window.num_target_tokens();
  report.seconds = window.seconds;
  report.elapsed_s = state.elapsed_s;
  return report;
}

// Memory of this process that is in RAM; 0 where the system does not say.
int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return statm ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace

void Trainer::say(const std::string& line) const {
  if (options_.progress != nullptr) options_.progress->line(line);
}

void Trainer::report() {
  const auto& window = state_.window;
  if (window.num_steps == 0) return;
  Report report = make_report(window, state_, config_, *stream_, learning_rate(state_.step));
  report.gradient_norm = window.mean_gradient_norm();
  report.num_clipped = window.num_clipped;
  report.num_skipped = window.num_skipped;
  report.eta_s = estimate_remaining(config_, state_, window.seconds / static_cast<double>(window.num_steps), stream_->epoch_batches());
  auto entry = report.to_json();
  entry["memory_mb"] = std::round(static_cast<double>(resident_bytes()) / 1e5) / 10;
  log_entry(entry);
  if (options_.progress != nullptr && !options_.progress->live()) say(report.text());
  state_.window = {};
}

void Trainer::show_progress() {
  if (options_.progress == nullptr || !options_.progress->live()) return;
  options_.progress->update([&] {
    Report report = make_report(recent_.sums(), state_, config_, *stream_, learning_rate(state_.step));
    report.eta_s = estimate_remaining(config_, state_, recent_.seconds_per_step(), stream_->epoch_batches());
    return report.text();
  });
}

void Trainer::log_entry(const nlohmann::json& entry) {
  log_->write(entry);
  if (options_.on_entry) options_.on_entry(entry);
  to_tensorboard([&](TensorBoardWriter& board) { board.write(entry); });
}

void Trainer::to_tensorboard(const std::function<void(TensorBoardWriter&)>& write) {
  if (!tensorboard_) return;
  try {
    write(*tensorboard_);
  } catch (const DataError& error) {
    drop_tensorboard(error);
  }
}

void Trainer::drop_tensorboard(const std::exception& error) {
  say(fmt::format("warning: {}; training continues without writing for TensorBoard", error.what()));
  tensorboard_.reset();
}

void Trainer::log_end(const std::string& reason, const std::string& options_to_go_on) {
  log_entry({{"event", "end"},
             {"step", state_.step},
             {"elapsed_s", state_.elapsed_s},
             {"reason", reason},
             {"options_to_go_on", options_to_go_on},
             {"seconds", state_.time.to_json()}});
}

// The page is for looking at: training continues without it where it cannot be written.
void Trainer::write_report() {
  try {
    write_run_report(run_.path());
  } catch (const DataError& error) {
    if (!report_failed_) say(fmt::format("warning: {}; training continues without this page", error.what()));
    report_failed_ = true;
  }
}

void Trainer::finish(TrainResult& result) {
  result.step = state_.step;
  result.best = state_.best;
  log_end(result.reason, result.options_to_go_on);
  write_report();
  const double rate = options_.measure_matmul_rate && !result.stopped ? measure_matmul_rate(options_.device) : 0;
  const double flops = MatmulParameters(*model_).training_flops(state_.num_source_tokens, state_.num_target_tokens);
  say(result.stopped ? "stopped" : "finished: " + result.reason);
  say(summary_text(state_, model_->reads_source(), flops, rate));
  if (state_.best.known) say(fmt::format("best {} {:.2f} at step {}", metrics_.best, state_.best.value, state_.best.step));
}

}  // namespace attnzoo
