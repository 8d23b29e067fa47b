// What a run says of itself afterwards: its history, summary and page, and what is said before it starts.
#include "train/run_report.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"
#include "train/run_history.h"
#include "train/run_summary.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::string log_of_steps(int count) {
  std::string log = R"({"event":"start","step":0,"elapsed_s":0.0,"parameters":1234})"
                    "\n";
  for (int step = 1; step <= count; ++step) log += R"({"event":"train","loss":2.5,"elapsed_s":1.0,"step":)" + std::to_string(step) + "}\n";
  log += R"({"event":"validation","loss":2.25,"bleu":12.5,"elapsed_s":2.0,"step":)" + std::to_string(count) + "}\n";
  return log;
}

}  // namespace

TEST_CASE("A run's history is its log by kind, without what a crash left half-written", "[run-report]") {
  const TemporaryDirectory folder;
  folder.file("log.jsonl",
              log_of_steps(3) +
                  R"({"event":"end","reason":"max_steps 3 reached","step":3,"elapsed_s":2.5,"seconds":{"forward":1.5,"loss":0.5}})"
                  "\n{\"event\":\"tra");
  const auto history = run_history(folder.path());
  CHECK(history["train"].size() == 3);
  CHECK(history["validations"][0]["bleu"] == 12.5);
  CHECK(history["end"]["reason"] == "max_steps 3 reached");
  CHECK(history["config"].is_null());
  const auto summary = run_summary({history});
  CHECK_THAT(summary, ContainsSubstring("ended (max_steps 3 reached) after 3 steps") && ContainsSubstring("best BLEU 12.50 at step 3") &&
                          ContainsSubstring("time: forward 75%, loss 25%"));
  CHECK_THAT(run_summary({history, history}), ContainsSubstring("BLEU 12.50"));
  CHECK(nlohmann::json::parse(page_of_runs("runs.json", {history, history}))["runs"][1] == history);
  CHECK_THAT(page_of_runs("runs.html", {history, history}), ContainsSubstring("<title>2 runs compared</title>"));
}

TEST_CASE("What of a run's history is damaged is left out and named", "[run-report]") {
  const TemporaryDirectory folder;
  folder.file("config.json", "{");
  folder.file("log.jsonl", log_of_steps(1) + "\x01\n[1]\n{\"event\":\"tra");
  std::string damage;
  CHECK(run_history(folder.path(), &damage)["train"].size() == 1);
  CHECK_THAT(damage, ContainsSubstring("log.jsonl: 2 lines cannot be read, the first at line 4, and are left out") &&
                         ContainsSubstring("config.json: is missing or damaged"));
  folder.file("config.json", "{}");
  folder.file("log.jsonl", log_of_steps(1));
  damage.clear();
  run_history(folder.path(), &damage);
  CHECK(damage.empty());
}

TEST_CASE("Of a long run, every few entries are kept, the last among them", "[run-report]") {
  const TemporaryDirectory folder;
  folder.file("log.jsonl", log_of_steps(5000));
  const auto history = run_history(folder.path());
  CHECK(history["train"].size() <= kMaxReportEntries);
  CHECK(history["train"].size() > kMaxReportEntries / 2);
  CHECK(history["train"].back()["step"] == 5000);
}

TEST_CASE("A folder that is no run is refused, and a report is not written through a link", "[run-report]") {
  const TemporaryDirectory folder;
  CHECK_THROWS_WITH(run_history(folder.path()), ContainsSubstring("is no run: it has no log.jsonl"));
  folder.file("log.jsonl", "not a log\n{}\n");
  CHECK_THROWS_WITH(run_history(folder.path()), ContainsSubstring("is no run: its log.jsonl holds no entry of one"));
  folder.file("log.jsonl", log_of_steps(1));
  folder.file("mine", "mine");
  std::filesystem::create_symlink("mine", folder / "report.html");
  CHECK_THROWS_AS(write_run_report(folder.path()), DataError);
  CHECK(read_file(folder / "mine") == "mine");
  std::filesystem::remove(folder / "report.html");
  write_run_report(folder.path());
  CHECK_THAT(read_file(folder / "report.html"), ContainsSubstring("\"bleu\":12.5"));
}

}  // namespace attnzoo::test
