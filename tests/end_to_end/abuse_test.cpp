// What happens to a user's files when a training is started twice, killed, interrupted, cut off from its terminal or out of disk.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "data/files.h"
#include "models/checkpoint.h"
#include "tests/invented_language.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

// Text, a recipe that saves every ten steps, and files of the user's beside the run whose names the programs use themselves.
class Workplace {
 public:
  Workplace() {
    write_text(folder_, "train", invented_text(800, 1));
    write_text(folder_, "valid", invented_text(20, 2));
    folder_.file("recipe.json", R"({
      "data": {"train": {"source": "train.src", "target": "train.tgt"}, "valid": {"source": "valid.src", "target": "valid.tgt"},
               "tokenizer": {"kind": "words", "joint": false}},
      "model": {"family": "attention-gru", "preset": "tiny"},
      "train": {"batch": {"batch_tokens": 256}, "max_steps": 100000, "validate_every": 10, "report_every": 5}
    })");
    for (const char* name : {"run.tmp", "recipe.json.tmp", "best.tmp", "last.tmp", "lock", "train.src.tmp"})
      folder_.file(name, "the user's own");
    before_ = contents();
  }

  // Files outside the run folder, with what they hold.
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      if (entry.is_regular_file() && entry.path().filename() != "output") all[entry.path().filename().string()] = read_file(entry.path());
    return all;
  }
  void check_nothing_of_the_user_changed() const { CHECK(contents() == before_); }

  // Starts a training in the background and runs `then` once its first checkpoint stands; $pid is its process.
  Outcome during_training(const std::string& then, const std::string& redirection = ">output 2>&1") const {
    return run_merged(folder_.path(), "attnzoo-train recipe.json --run run --threads 1 " + redirection +
                                          " & pid=$!; for i in $(seq 600); do [ -e run/checkpoints/last ] && break; sleep 0.1; done; " +
                                          then);
  }
  Outcome run(const std::string& command) const { return run_merged(folder_.path(), command); }
  fs::path operator/(const std::string& name) const { return folder_ / name; }

  // The step of the newest checkpoint, after every checkpoint was read back whole.
  int64_t newest_whole_step() const {
    int64_t newest = -1;
    for (const auto& entry : fs::directory_iterator(folder_ / "run/checkpoints")) {
      const auto name = entry.path().filename().string();
      INFO(name);
      if (entry.is_symlink()) continue;
      REQUIRE(name.starts_with("step-"));  // no temporary is left
      REQUIRE_NOTHROW(load_checkpoint(entry.path()));
      newest = std::max<int64_t>(newest, std::stoll(name.substr(5)));
    }
    return newest;
  }
  int64_t newest_step() const { return std::stoll(fs::read_symlink(folder_ / "run/checkpoints/last").string().substr(5)); }
  // Two more validations on top of what was saved.
  void check_resumes() const {
    const int64_t saved = newest_step();
    const auto resumed = run(fmt::format("attnzoo-train --run run --resume --threads 1 --override --set train.max_steps={}", saved + 20));
    INFO(resumed.output);
    CHECK(resumed.status == 0);
    CHECK(newest_whole_step() == saved + 20);
    const auto translated = run("echo w1 w2 | attnzoo-translate --run run --checkpoint last --quiet");
    INFO(translated.output);
    CHECK(translated.status == 0);
  }

 private:
  TemporaryDirectory folder_;
  std::map<std::string, std::string> before_;
};

}  // namespace

TEST_CASE("A second training in a run folder is refused while the first one trains, and disturbs nothing") {
  const Workplace work;
  const auto outcome = work.during_training(
      "attnzoo-train --run run --resume; echo resume $?; attnzoo-train recipe.json --run run; echo new $?; echo pid $pid;"
      "sleep 1; kill -TERM $pid; wait $pid; echo first $?");
  INFO(outcome.output);
  CHECK_THAT(outcome.output, ContainsSubstring("resume 1") && ContainsSubstring("new 1") && ContainsSubstring("first 143"));
  const auto pid = outcome.output.substr(outcome.output.find("pid ") + 4);
  CHECK_THAT(outcome.output, ContainsSubstring("process " + pid.substr(0, pid.find('\n'))));
  work.check_resumes();
  work.check_nothing_of_the_user_changed();
}

TEST_CASE("A killed training loses the steps since its last checkpoint and nothing else") {
  const Workplace work;
  const auto outcome = work.during_training("sleep 0.13; kill -KILL $pid; wait $pid; echo status $?");
  CHECK_THAT(outcome.output, ContainsSubstring("status 137"));
  work.check_resumes();
  work.check_nothing_of_the_user_changed();
}

TEST_CASE("A training saves before it ends when it is interrupted, hung up or terminated") {
  for (const auto& [signal, status] : {std::pair{"INT", 130}, std::pair{"TERM", 143}, std::pair{"HUP", 129}}) {
    INFO(signal);
    const Workplace work;
    // A background process of a shell without job control ignores INT, so the signal's default is put back first.
    const auto outcome =
        work.run(fmt::format("env --default-signal=INT,HUP attnzoo-train recipe.json --run run --threads 1 >output 2>&1 & pid=$!;"
                             "for i in $(seq 600); do [ -e run/checkpoints/last ] && break; sleep 0.1; done; sleep 0.5; kill -{} $pid; "
                             "wait $pid; echo status $?",
                             signal));
    INFO(outcome.output);
    CHECK_THAT(outcome.output, ContainsSubstring(fmt::format("status {}", status)));
    CHECK_THAT(read_file(work / "output"), ContainsSubstring("attnzoo-train --run run --resume"));
    work.check_resumes();
    work.check_nothing_of_the_user_changed();
  }
}

TEST_CASE("Two signals at once are one request, and a training saves; none leaves a temporary file") {
  const Workplace work;
  const auto outcome = work.during_training("sleep 0.2; kill -TERM $pid; kill -INT $pid; kill -TERM $pid; wait $pid; echo status $?");
  CHECK_THAT(outcome.output, ContainsSubstring("status 143"));
  CHECK_THAT(read_file(work / "output"), ContainsSubstring("attnzoo-train --run run --resume"));
  work.check_resumes();
  work.check_nothing_of_the_user_changed();
}

TEST_CASE("A training goes on when nobody can read its messages") {
  for (const char* redirection : {"0<&- 1>&- 2>&-", ">/dev/full 2>&1", "--log-format json 2>&1 | head -n 1 >output"}) {
    INFO(redirection);
    const Workplace work;
    const auto outcome = work.run(fmt::format("attnzoo-train recipe.json --run run --threads 1 --set train.max_steps=30 {}", redirection));
    INFO(outcome.output);
    CHECK(work.newest_whole_step() == 30);
    // Nothing of what could not be printed landed in a file of the run.
    const auto config = nlohmann::json::parse(read_file(work / "run/config.json"));
    CHECK(config["train"]["max_steps"] == 30);
    for (const auto& line : split_lines(read_file(work / "run/log.jsonl"))) CHECK(nlohmann::json::parse(line).contains("event"));
    work.check_resumes();
    work.check_nothing_of_the_user_changed();
  }
}

TEST_CASE("A full disk ends a training with a message, and what was saved before stays") {
  const Workplace work;
  const auto outcome = work.during_training("kill -TERM $pid; wait $pid");
  const int64_t saved = work.newest_whole_step();
  // A limit on the size of files stands for the full disk: writing fails in the middle of the weights.
  const auto full = work.run("trap '' XFSZ; ulimit -f 200; attnzoo-train --run run --resume --threads 1; echo status $?");
  INFO(full.output);
  CHECK_THAT(full.output, ContainsSubstring("status 1") && ContainsSubstring("cannot be written: File too large"));
  CHECK(work.newest_whole_step() == saved);
  work.check_resumes();
  work.check_nothing_of_the_user_changed();
}

TEST_CASE("A run folder with links to files of the user is refused and the files stay as they are") {
  const Workplace work;
  work.during_training("kill -TERM $pid; wait $pid");
  for (const char* name : {"log.jsonl", "config.json", "prepared", "checkpoints"}) {
    INFO(name);
    fs::rename(work / ("run/" + std::string(name)), work / ("moved-" + std::string(name)));
    fs::create_symlink(work / ("moved-" + std::string(name)), work / ("run/" + std::string(name)));
    const auto before = work.contents();
    const auto resumed = work.run("attnzoo-train --run run --resume --threads 1; echo status $?");
    INFO(resumed.output);
    CHECK_THAT(resumed.output, ContainsSubstring("status 1") && ContainsSubstring(name) && ContainsSubstring("link"));
    CHECK(work.contents() == before);
    fs::remove(work / ("run/" + std::string(name)));
    fs::rename(work / ("moved-" + std::string(name)), work / ("run/" + std::string(name)));
  }
}

}  // namespace attnzoo::test
