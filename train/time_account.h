// Where the time of a training run goes.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attnzoo {

enum class Phase { kData, kForward, kLoss, kBackward, kOptimizer, kValidation, kSaving };
inline constexpr size_t kNumPhases = 7;
const char* phase_name(Phase phase);

class TimeAccount {
 public:
  // Adds its own lifetime to a phase.
  class Timer {
   public:
    Timer(TimeAccount& account, Phase phase) : account_(account), phase_(phase), begin_(Clock::now()) {}
    ~Timer() { account_.seconds_[static_cast<size_t>(phase_)] += std::chrono::duration<double>(Clock::now() - begin_).count(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

   private:
    using Clock = std::chrono::steady_clock;
    TimeAccount& account_;
    Phase phase_;
    Clock::time_point begin_;
  };
  Timer time(Phase phase) { return Timer(*this, phase); }

  double seconds(Phase phase) const { return seconds_[static_cast<size_t>(phase)]; }
  double& seconds(Phase phase) { return seconds_[static_cast<size_t>(phase)]; }
  // All phases except validation and saving.
  double training_seconds() const;
  // "forward 31.0%, loss 24.0%, ...": shares of `total_s`, the largest first, then "other"; "no time measured" where total_s is 0.
  std::string text(double total_s) const;
  nlohmann::json to_json() const;

 private:
  std::array<double, kNumPhases> seconds_{};
};

}  // namespace attnzoo
