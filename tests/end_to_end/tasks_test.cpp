// Tasks beside translation, as a user runs them: labels, running text, copied words.
#include "data/files.h"
#include "tests/invented_language.h"
#include "tests/python.h"

namespace attnzoo::test {
TEST_CASE("A classifier tells labels, scores them and shows where it looked") {
  const TemporaryDirectory folder;
  train(folder, "classifier", 250);
  write_text(folder, "test", invented_text(100, 5));
  const auto scored = run_in(folder, "attnzoo-eval --run run --source test.src --reference test.label --hypotheses-out labels");
  const auto labels = split_lines(read_file(folder / "labels")), expected = split_lines(read_file(folder / "test.label"));
  REQUIRE(labels.size() == 100);
  size_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += labels[i] == expected[i];
  CHECK(right >= 90);
  CHECK_THAT(scored.output, ContainsSubstring(fmt::format("accuracy = {}.00% ({} of 100 texts)", right, right)));
  CHECK_THAT(scored.output, ContainsSubstring("macro-F1 = "));
  const auto json = run_in(folder, "head -n 1 test.src | attnzoo-translate --run run --quiet --n-best 3 --format json --attention").output;
  for (const char* field : {"\"n_best\"", "\"attention\"", "\"source_tokens\"", "\"log_probability\""})
    CHECK_THAT(json, ContainsSubstring(field));
}

TEST_CASE("A language model gives perplexity, goes on from a line, and draws the same for the same seed") {
  const TemporaryDirectory folder;
  train(folder, "language-model", 60);
  write_text(folder, "test", invented_text(50, 5));
  CHECK_THAT(run_in(folder, "attnzoo-eval --run run --text test.tgt").output, ContainsSubstring("perplexity = "));
  const auto sample = [&](const char* options) {
    return run_in(folder, fmt::format("head -n 3 test.tgt | attnzoo-translate --run run --quiet --sample --n-best 2 {}", options)).output;
  };
  const auto drawn = sample("--seed 7");
  CHECK(split_lines(drawn).size() == 6);
  CHECK(drawn == sample("--seed 7 --batch-size 1 --threads 1"));
  CHECK(drawn != sample("--seed 8"));
  const auto first = split_lines(read_file(folder / "test.tgt"))[0];
  CHECK_THAT(split_lines(drawn)[0], ContainsSubstring("0 ||| " + first));
  const auto refused = run_merged(folder.path(), "attnzoo-eval --run run --source test.src --reference test.tgt");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.output, ContainsSubstring("is a language model; give its text with --text"));
}

TEST_CASE("A pointer-generator copies words that it has never seen") {
  const TemporaryDirectory folder;
  std::mt19937_64 random(3);
  const auto write = [&](const std::string& part, int count, int first_name) {
    std::string source, target;
    for (int i = 0; i < count; ++i) {
      const std::string name = fmt::format("n{}", first_name + i), before = random() % 2 ? "here is" : "now comes",
                        after = random() % 2 ? "again" : "today at last";
      source += fmt::format("{} {} {}\n", before, name, after);
      target += fmt::format("es ist {}\n", name);
    }
    folder.file(part + ".src", source);
    folder.file(part + ".tgt", target);
  };
  write("train", 600, 0);
  write("valid", 20, 1000);
  write("test", 40, 2000);
  // Longer than sources may be, with an unknown word past the cut that the target names.
  std::string long_source;
  for (int i = 0; i < 280; ++i) long_source += "here ";
  folder.file("valid.src", read_file(folder / "valid.src") + long_source + "n5000\n");
  folder.file("valid.tgt", read_file(folder / "valid.tgt") + "es ist n5000\n");
  folder.file("long.src", long_source + "n5000\n");
  folder.file("long.tgt", "es ist n5000\n");
  folder.file("recipe.json", R"({
    "data": {"train": {"source": "train.src", "target": "train.tgt"}, "valid": {"source": "valid.src", "target": "valid.tgt"},
             "tokenizer": {"kind": "words", "vocabulary_size": 14, "copy_unknown": true}},
    "model": {"family": "pointer-generator", "preset": "tiny", "dropout": 0},
    "train": {"batch": {"batch_tokens": 512}, "learning_rate": 0.003, "schedule": {"kind": "constant"}, "max_steps": 150,
              "validate_every": 1000}})");
  run_in(folder, "attnzoo-train recipe.json --run run --threads 1");
  run_in(folder, "attnzoo-translate --run run --quiet --input test.src --output out");
  const auto out = split_lines(read_file(folder / "out")), expected = split_lines(read_file(folder / "test.tgt"));
  size_t right = 0;
  for (size_t i = 0; i < out.size(); ++i) right += out[i] == expected[i];
  INFO(read_file(folder / "out"));
  CHECK(right >= 36);

  // A copied word is shown as the word, whoever shows it.
  const auto inspected = run_in(folder, "attnzoo-data inspect recipe.json --samples 1").output;
  CHECK_THAT(inspected, ContainsSubstring(" n0 ") && ContainsSubstring("target  <s> es ist n0 </s>") && ContainsSubstring("copied words "));
  const auto json = run_in(folder, "attnzoo-translate --run run --quiet --format json --attention --input test.src").output;
  CHECK_THAT(json, ContainsSubstring("\"n2000\",\"again\"") || ContainsSubstring("\"n2000\",\"today\""));
  run_in(folder, "attnzoo-eval --run run --source long.src --reference long.tgt --max-source-tokens 256");
  run_in(folder, "attnzoo-export --run run --format torchscript --out model.pt");
  run_in(folder, "attnzoo-translate --run run --quiet --beam 5 --input test.src --output out");
  CHECK(run_in(folder, "example-translate model.pt 5 16 < test.src").output == read_file(folder / "out"));
  if (python_has("torch"))
    CHECK(run_in(folder, kPython + " -W ignore " ATTNZOO_SOURCE_DIR "/eval/examples/translate.py model.pt 5 7 < test.src").output ==
          read_file(folder / "out"));
}

TEST_CASE("A task and a model that do not fit are refused before anything is done") {
  const TemporaryDirectory folder;
  folder.file("t.tsv", "a\tb\n");
  const auto refused = [&](const char* task, const char* family, const char* data) {
    folder.file("recipe.json", fmt::format(R"({{"task": "{}", "data": {{"train": {}}}, "model": {{"family": "{}", "preset": "tiny"}}}})",
                                           task, data, family));
    const auto outcome = run_merged(folder.path(), "attnzoo-train recipe.json --run run");
    CHECK(outcome.status == 1);
    return outcome.output;
  };
  CHECK_THAT(refused("classification", "transformer", R"({"tsv": "t.tsv"})"),
             ContainsSubstring("task: 'classification' needs a classifier (family 'classifier'), but model.family is 'transformer'"));
  CHECK_THAT(refused("translation", "language-model", R"({"tsv": "t.tsv"})"),
             ContainsSubstring("task: 'translation' does not fit a model without encoder, which needs 'language-model'"));
}

}  // namespace attnzoo::test
