// attnzoo-export --format torchscript as its users meet it: the program, the file it writes, and Python and C++ that know nothing of
// attnzoo.
#include <filesystem>

#include "data/files.h"
#include "tests/invented_language.h"
#include "tests/python.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::string run_well(const TemporaryDirectory& folder, const std::string& command) {
  const auto outcome = run_merged(folder.path(), command);
  INFO(command << "\n" << outcome.output);
  REQUIRE(outcome.status == 0);
  return outcome.output;
}

size_t num_equal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  size_t equal = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) equal += a[i] == b[i];
  return equal;
}

}  // namespace

TEST_CASE("An exported file translates in C++ and in Python as attnzoo-translate does, at any batch size; rounded ones nearly so") {
  const TemporaryDirectory folder;
  train(folder, "transformer", 120,
        "--set data.tokenizer.kind=sentencepiece-bpe --set data.tokenizer.vocabulary_size=500 --set data.tokenizer.joint=true");
  folder.file("test.src", joined(invented_text(24, 7).source));
  const auto said = run_well(folder, "attnzoo-export --run run --format torchscript --out model.pt");
  CHECK_THAT(said, ContainsSubstring("model.pt: ") && ContainsSubstring("float32; compared with the model: logits differ by at most"));
  for (const int beam : {1, 5})
    run_well(folder, fmt::format("attnzoo-translate --run run --quiet --beam {0} --input test.src --output ours.{0}", beam));
  const auto greedy = read_file(folder / "ours.1"), best = read_file(folder / "ours.5");
  CHECK(run_well(folder, "example-translate model.pt 1 64 < test.src") == greedy);
  CHECK(run_well(folder, "example-translate model.pt 5 7 < test.src") == best);

  CHECK_THAT(run_well(folder, "attnzoo-export --run run --format torchscript --quantize int8 --out int8.pt"),
             ContainsSubstring("int8 matrices"));
  run_well(folder, "attnzoo-export --run run --format torchscript --type bfloat16 --out half.pt");
  const auto size = [&](const char* file) { return static_cast<double>(std::filesystem::file_size(folder / file)); };
  CHECK(size("half.pt") < 0.6 * size("model.pt"));
  CHECK(size("int8.pt") < 0.4 * size("model.pt"));
  for (const char* file : {"int8.pt", "half.pt"}) {
    INFO(file);
    const auto rounded = split_lines(run_well(folder, fmt::format("example-translate {} 1 16 < test.src 2> warnings", file)));
    REQUIRE(rounded.size() == 24);
    CHECK(num_equal(split_lines(greedy), rounded) >= 8);
  }

  if (!python_has("torch, sentencepiece")) return;
  CHECK(run_well(folder, kPython + " -W ignore " ATTNZOO_SOURCE_DIR "/eval/examples/translate.py model.pt 5 7 < test.src") == best);
  const auto python = run_python(folder.path(), "torchscript_decode", "model.pt test.src out 1:1 1:7 1:64 5:1 5:64");
  INFO(python.output);
  REQUIRE(python.status == 0);
  for (const char* way : {"1.1", "1.7", "1.64", "5.1", "5.64"})
    CHECK(read_file(folder / (std::string("out.") + way)) == (way[0] == '1' ? greedy : best));
}

TEST_CASE("A wrong option or place of an export is said, and nothing is written") {
  const TemporaryDirectory folder;
  train(folder, "attention-rnn", 2);
  const auto refused = [&](const std::string& options, int status, const std::string& message) {
    const auto outcome = run_merged(folder.path(), "attnzoo-export " + options);
    INFO(options << "\n" << outcome.output);
    CHECK(outcome.status == status);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
  };
  refused("--run run --out x.pt", 2, "--format is needed: torchscript");
  refused("--run run --format torchscript", 2, "--out is needed");
  refused("--run run --format torchscrpt --out x.pt", 2, "--format: unknown value 'torchscrpt' (did you mean 'torchscript'?)");
  refused("--run run --format onnx --out x.onnx", 2, "--format onnx: there is no ONNX export");
  refused("--run run --format torchscript --type float16 --out x.pt", 2, "--type: unknown value 'float16' (did you mean 'bfloat16'?)");
  refused("--run run --format torchscript --type bfloat16 --quantize int8 --out x.pt", 2, "omit --type");
  refused("--run none --format torchscript --out x.pt", 1, "none: no such run folder or checkpoint");
  refused("--format torchscript --out x.pt", 2, "--run is needed");
  refused("--run run --format torchscript --out missing/x.pt", 1, "missing/x.pt: cannot be written: the folder missing does not exist");
  CHECK_FALSE(std::filesystem::exists(folder / "x.pt"));
  CHECK_FALSE(std::filesystem::exists(folder / "x.pt.tmp"));
}

}  // namespace attnzoo::test
