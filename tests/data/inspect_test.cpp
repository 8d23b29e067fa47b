#include "data/inspect.h"

#include "data/special_tokens.h"
#include "tests/data/prepare_fixture.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Fixture;
using nlohmann::json;

namespace {

std::string inspected_text(Fixture& fixture, int64_t num_samples, Task task = Task::kTranslation) {
  const auto config = DataConfig::from_json(fixture.fields, fixture.folder.path(), task);
  const auto data = prepare_data(config, fixture.cache(), {}, {});
  return inspection_text(inspect_data(data, config, num_samples), data, config);
}

}  // namespace

TEST_CASE("inspecting shows counts, lengths, coverage, overlap and samples") {
  Fixture fixture;
  fixture.fields["tokenizer"]["kind"] = "words";
  fixture.folder.file("valid.en", "the dog number 5 runs\nnever seen\n");
  fixture.folder.file("valid.de", "der\ndie\n");
  const std::string text = inspected_text(fixture, 2);
  CHECK_THAT(text, ContainsSubstring("train: 200 pairs read, 200 kept") &&
                       ContainsSubstring("train: 0 pairs repeat an earlier pair (0.00%)") &&
                       ContainsSubstring("valid: 1 source is in the training text too (50.00%)") &&
                       ContainsSubstring("mean 5.0, median 5, 99% at most 5, longest 5") &&
                       ContainsSubstring("train source: 1000 tokens, <unk> 0.000%") &&
                       ContainsSubstring("valid source: 7 tokens, <unk> 28.571%") && ContainsSubstring("\n  line 101\n") &&
                       ContainsSubstring("text    the dog number 100 runs ||| der Hund Nummer 100 rennt"));
}

TEST_CASE("inspecting shows copied words as words and counts them") {
  Fixture fixture;
  fixture.folder.file("train.en", "a b c\na b c\na Anna b Berta\n");
  fixture.folder.file("train.de", "c b a\nc b a\nBerta Anna Carla\n");
  fixture.fields["tokenizer"] = {{"kind", "words"}, {"vocabulary_size", 7}, {"copy_unknown", true}};
  const std::string text = inspected_text(fixture, 3);
  CHECK_THAT(text, ContainsSubstring("train source: 10 tokens, <unk> 0.000%, copied words 20.000% (2), bytes 0.000%") &&
                       ContainsSubstring("train target: 9 tokens, <unk> 11.111%, copied words 22.222% (2), bytes 0.000%") &&
                       ContainsSubstring("source  a Anna b Berta </s>") && ContainsSubstring("target  <s> Berta Anna <unk> </s>") &&
                       ContainsSubstring("text    a Anna b Berta ||| Berta Anna \xE2\x81\x87\n") &&
                       ContainsSubstring("source: 0 of 3 lines come back changed (0.00%)\n"));
}

TEST_CASE("inspecting counts lines that do not come back as they were, with an example and the setting") {
  Fixture fixture;
  fixture.folder.file("train.en", "5 m\xC2\xB2 and  more\ntwo  spaces\nplain\n\xE2\x80\x8Bm\xC2\xB2\n");
  fixture.folder.file("train.de", "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xB1\xD9\x88\xD9\x85\nein\nzwei\ndrei\n");
  fixture.fields["tokenizer"] = {{"kind", "sentencepiece-bpe"}, {"vocabulary_size", 300}};
  const auto inspected = [&](const char* normalization) {
    fixture.fields["tokenizer"]["normalization"] = normalization;
    return inspected_text(fixture, 1);
  };
  const std::string place = (fixture.folder / "train.en").string() + ":";
  CHECK_THAT(inspected("identity"), ContainsSubstring("\nEncoded and decoded again (4 of 4 training lines)\n"
                                                      "  source: 0 of 4 lines come back changed (0.00%), 2 in white space alone; first: " +
                                                      place + "1: 5 m\xC2\xB2 and  more -> 5 m\xC2\xB2 and more (at U+0020)\n" +
                                                      "  target: 0 of 4 lines come back changed (0.00%)\n\n"));
  CHECK_THAT(inspected("nmt_nfkc"),
             ContainsSubstring("  source: 2 of 4 lines come back changed (50.00%), 1 in white space alone; first: " + place +
                               "1: 5 m\xC2\xB2 and  more -> 5 m2 and more (at U+00B2)\n") &&
                 ContainsSubstring("  target: 1 of 4 lines come back changed (25.00%); first: ") && ContainsSubstring("(at U+200C)\n") &&
                 ContainsSubstring("  data.tokenizer.normalization is nmt_nfkc; identity keeps text as it is\n"));
  CHECK_THAT(inspected("nfkc_cf"), ContainsSubstring("  decoded text is in lower case\n"));
}

TEST_CASE("a length histogram has about ten rows, and one for the long tail") {
  std::vector<int64_t> counts(1001);
  for (size_t length = 1; length <= 50; ++length) counts[length] = 4;
  counts[1000] = 1;
  const std::string text = length_histogram(counts);
  CHECK_THAT(text, ContainsSubstring("mean 30.3, median 26, 99% at most 50, longest 1000\n"));
  CHECK_THAT(text, ContainsSubstring("        0 - 5  " + std::string(33, '#') + std::string(7, ' ') + "         20  10.0%\n"));
  CHECK_THAT(text, ContainsSubstring("54 or more"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 11);
  CHECK(length_histogram({}) == "  no lines\n");
}
