// Every kind of page, made by the programs and opened in a real browser: what it shows against the same numbers as JSON, for hostile text
// as well. And the event files against TensorBoard's own reader.
#include <nlohmann/json.hpp>

#include "data/files.h"
#include "tests/invented_language.h"
#include "tests/python.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

bool browser_is_there() {
  if (!fs::exists("/usr/bin/chromium") || !fs::exists("/usr/bin/chromedriver")) {
    WARN("skipped: no chromium and chromedriver; cmake/peers.sh installs them where it may");
    return false;
  }
  return python_has("selenium");
}

void check_page(const TemporaryDirectory& folder, const std::string& script, const std::string& arguments) {
  const auto outcome = run_python(folder.path(), script, arguments, "pages");
  INFO(outcome.output);
  CHECK(outcome.status == 0);
}

// Lines that must show as text: markup, right-to-left, marks alone, very long.
std::string hostile_lines() {
  std::string lines = "w1 w2 </script><script>window.hacked=1</script>\n<img src=x onerror=window.hacked=1> w3\n";
  lines +=
      "w1 \xE2\x80\xAE w2 \xD7\x90\xD7\x91\xD7\x92 \xE2\x80\x8F w3\n\xCC\x81\xCC\x82 w4 \xCC\x83\n&amp; \xEF\xBF\xBD {{x}} ${y} <!-- w5\n";
  for (int i = 0; i < 2000; ++i) lines += "w" + std::to_string(i % 60) + " ";
  return lines + "\n" + std::string(10000, 'x') + "\n";
}

}  // namespace

TEST_CASE("The pages of a translation model show what its JSON says", "[pages]") {
  if (!browser_is_there()) return;
  const TemporaryDirectory folder;
  train(folder, "transformer", 60, "--set train.validate_every=20 --set train.report_every=10");
  write_text(folder, "test", invented_text(30, 5));
  const auto path = [&](const char* name) { return (folder / name).string(); };

  run_in(folder,
         "head -n 4 test.src | attnzoo-translate --run run --quiet --n-best 3 --explain page.html --format json --attention >lines.json");
  check_page(folder, "explanation_page", path("page.html") + " lines.json");
  folder.file("hostile.src", hostile_lines());
  run_in(folder,
         "attnzoo-translate --run run --quiet --input hostile.src --max-source-tokens 60 --explain hostile.html --format json "
         "--attention >lines.json");
  check_page(folder, "explanation_page", path("hostile.html") + " lines.json");

  run_in(folder,
         "for form in html json; do attnzoo-eval --run run --run run --beam 1 --source test.src --reference test.tgt --report "
         "scores.$form; done");
  check_page(folder, "evaluation_page", path("scores.html") + " scores.json");
  run_in(folder,
         "for form in html json; do attnzoo-eval metrics --hypothesis hostile.src --reference hostile.src --source hostile.src "
         "--report h.$form; done");
  check_page(folder, "evaluation_page", path("h.html") + " h.json");

  check_page(folder, "run_page", path("run/report.html") + " run/log.jsonl");
  run_in(folder,
         "attnzoo-train recipe.json --run '<img src=x onerror=window.hacked=1>' --threads 1 --set train.max_steps=30 --set "
         "train.validate_every=10 --set train.report_every=5");
  run_in(folder, "attnzoo-train compare run '<img src=x onerror=window.hacked=1>' --out compared.html");
  check_page(folder, "compare_page", path("compared.html") + " run/log.jsonl '<img src=x onerror=window.hacked=1>/log.jsonl'");
}

TEST_CASE("The pages of labels and of running text show what their JSON says", "[pages]") {
  if (!browser_is_there()) return;
  for (const char* family : {"classifier", "language-model"}) {
    INFO(family);
    const TemporaryDirectory folder;
    train(folder, family, 20);
    write_text(folder, "test", invented_text(30, 5));
    const std::string test_set = std::string(family) == "classifier" ? "--source test.src --reference test.label" : "--text test.tgt";
    run_in(folder, "for form in html json; do attnzoo-eval --run run " + test_set + " --report scores.$form; done");
    check_page(folder, "evaluation_page", (folder / "scores.html").string() + " scores.json");
    run_in(folder, "head -n 2 test.src | attnzoo-translate --run run --quiet --explain page.html >lines");
    CHECK(read_file(folder / "page.html").find(family == std::string("classifier") ? "\"labels\":[" : "\"language_model\"") !=
          std::string::npos);
  }
}

TEST_CASE("The page of prepared data shows what its JSON says, for pairs, labels and running text", "[pages]") {
  if (!browser_is_there()) return;
  const TemporaryDirectory folder;
  auto text = invented_text(600, 1);
  // Lines that belong to others, repetitions, an empty side; and hostile ones on both sides.
  for (size_t i = 0; i < 600; ++i) text.source[i] += " " + std::to_string(i), text.target[i] += " " + std::to_string(i);
  for (size_t i = 300; i < 320; ++i) text.target[i] = text.target[i + 1];
  text.source[7] = "";
  text.source[9] = text.source[8], text.target[9] = text.target[8];
  for (const auto& line : split_lines(hostile_lines())) text.source.push_back(line), text.target.push_back(line + " <b>");
  folder.file("train.src", joined(text.source));
  folder.file("train.tgt", joined(text.target));
  std::string labels;
  for (size_t i = 0; i < text.source.size(); ++i) labels += i % 3 == 0 ? "<script>window.hacked=1</script>\n" : i % 3 == 1 ? "b\n" : "c\n";
  folder.file("train.label", labels);
  write_text(folder, "valid", invented_text(20, 2));
  for (const char* family : {"transformer", "classifier", "language-model"}) {
    INFO(family);
    const auto chore = chore_of(family);
    folder.file(
        "recipe.json",
        fmt::format(R"({{"task": "{}", "data": {{"train": {}, "valid": {}, "clean": {{"duplicates": "drop", "too_long": "truncate"}},
      "tokenizer": {{"kind": "sentencepiece-bpe", "vocabulary_size": 330, "normalization": "nfkc", "character_coverage": 0.998}}}}}})",
                    chore.task, chore.train, chore.valid));
    run_in(folder, "for form in html json; do attnzoo-data inspect recipe.json --samples 5 --report data.$form; done");
    check_page(folder, "inspection_page", (folder / "data.html").string() + " data.json");
    CHECK(fs::file_size(folder / "data.html") < 1'000'000);
  }
}

TEST_CASE("TensorBoard reads what a training wrote, and of a resumed one each step once", "[pages]") {
  if (!python_has("tensorboard")) return;
  const TemporaryDirectory folder;
  train(folder, "attention-gru", 20, "--set train.validate_every=10 --set train.report_every=5");
  run_in(folder, "attnzoo-train --run run --resume --threads 1 --set train.max_steps=40");
  run_in(folder,
         "head -n 1 valid.src | attnzoo-translate --run run/checkpoints/last --quiet --beam 1 --format json --attention >first.json");
  const auto outcome = run_python(folder.path(), "tensorboard_events", "run/tensorboard run/log.jsonl first.json", "pages");
  INFO(outcome.output);
  CHECK(outcome.status == 0);
}

}  // namespace attnzoo::test
