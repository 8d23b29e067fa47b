// The whole chain as a user runs it: recipe, training, translation, scoring; and the promises that span programs.
#include <algorithm>
#include <csignal>

#include "data/files.h"
#include "tests/invented_language.h"

namespace attnzoo::test {

TEST_CASE("The output file is the same to the byte for any batch size, number of threads and order of the input") {
  // One family for each way to decode; the others differ in parts that tests/conformance compares bit by bit.
  for (const char* family :
       {"attention-lstm", "transformer", "transformer-ssru", "fusion-gru", "pointer-generator", "classifier", "language-model"}) {
    INFO(family);
    const TemporaryDirectory folder;
    train(folder, family, 40);
    auto lines = invented_text(100, 3).source;
    lines[70] = "";  // an empty line stays one
    std::vector<size_t> order(lines.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937_64(4));
    std::vector<std::string> shuffled;
    for (const size_t i : order) shuffled.push_back(lines[i]);
    folder.file("test.src", joined(lines));
    folder.file("shuffled.src", joined(shuffled));

    for (const char* search : {"--beam 1", "--beam 4 --n-best 2 --format json", "--beam 3 --compute int8"}) {
      const auto translate = [&](const char* input, const char* options) {
        const auto outcome = run_merged(
            folder.path(), fmt::format("attnzoo-translate --run run --quiet {} {} --input {} --output out", search, options, input));
        INFO(outcome.output);
        REQUIRE(outcome.status == 0);
        return read_file(folder / "out");
      };
      const auto alone = translate("test.src", "--batch-size 1 --threads 1");
      REQUIRE(split_lines(alone).size() % lines.size() == 0);
      CHECK(translate("test.src", "--batch-size 64 --threads 1") == alone);
      CHECK(translate("test.src", "--batch-size 7 --threads 2") == alone);
      if (std::string(search) != "--beam 1") continue;
      const auto back = split_lines(translate("shuffled.src", "--batch-size 64 --threads 2")), expected = split_lines(alone);
      for (size_t i = 0; i < order.size(); ++i) REQUIRE(back[i] == expected[order[i]]);
    }
  }
}

TEST_CASE("A trained model translates its language and attnzoo-eval scores it") {
  const TemporaryDirectory folder;
  train(folder, "attention-gru", 800);
  const auto test = invented_text(60, 5);
  folder.file("test.src", joined(test.source));
  folder.file("test.tgt", joined(test.target));
  const auto scored = run_merged(folder.path(), "attnzoo-eval --run run --source test.src --reference test.tgt --hypotheses-out hyp");
  INFO(scored.output);
  REQUIRE(scored.status == 0);
  CHECK_THAT(scored.output, ContainsSubstring("|case:mixed|eff:no|tok:13a|smooth:exp|version:"));
  const auto hypotheses = split_lines(read_file(folder / "hyp"));
  size_t right = 0;
  for (size_t i = 0; i < hypotheses.size(); ++i) right += hypotheses[i] == test.target[i];
  CHECK(right >= 45);
  const auto metrics = run_merged(folder.path(), "attnzoo-eval metrics --hypothesis hyp --reference test.tgt");
  CHECK(metrics.status == 0);
  CHECK_THAT(scored.output, ContainsSubstring(metrics.output.substr(0, metrics.output.find('\n'))));
  const auto rounded = run_merged(folder.path(), "attnzoo-eval --run run --source test.src --reference test.tgt --compute int8");
  CHECK(rounded.status == 0);
  CHECK_THAT(rounded.output, ContainsSubstring("perplexity"));
  CHECK(rounded.output != scored.output);
  const auto unknown = run_merged(folder.path(), "attnzoo-translate --run run --compute int4 --input test.src");
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.output, ContainsSubstring("--compute: unknown type 'int4'; accepted: float32, int8"));
  const auto piped = run_merged(folder.path(), "head -n 2 test.src | attnzoo-translate --run run --quiet --beam 5");
  CHECK(split_lines(piped.output).size() == 2);
}

TEST_CASE("Eighty steps equal a run that was killed and resumed, bit for bit") {
  for (const char* family : {"attention-lstm", "transformer"}) {
    INFO(family);
    const TemporaryDirectory folder;
    train(folder, family, 80);
    // Killed after its first checkpoint, at step 20, wherever it is then; without the kill it would not end.
    const auto killed =
        run_merged(folder.path(),
                   "attnzoo-train recipe.json --run parts --threads 1 --set train.validate_every=20 "
                   "--set train.max_steps=1000000 & pid=$!; "
                   "until [ -e parts/checkpoints/last ] || ! kill -0 $pid; do sleep 0.01; done; kill -KILL $pid; wait $pid");
    INFO(killed.output);
    REQUIRE(killed.status == 128 + SIGKILL);
    const auto resumed =
        run_merged(folder.path(), "attnzoo-train recipe.json --run parts --threads 1 --resume --override --set train.max_steps=80");
    INFO(resumed.output);
    REQUIRE(resumed.status == 0);
    for (const char* file : {"weights.safetensors", "optimizer.safetensors", "generator.safetensors"})
      CHECK(read_file(folder / "parts/checkpoints/last" / file) == read_file(folder / "run/checkpoints/last" / file));
  }
}

}  // namespace attnzoo::test
