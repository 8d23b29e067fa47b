#include "eval/translator.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>

#include "data/error.h"
#include "tests/eval/letter_tokenizer.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

constexpr int64_t kLetters = kNumSpecialTokens + 26;

// Says the source backwards.
TableModel::Logits reversing() {
  return [](const Ids& source, const Ids& prefix) {
    std::vector<float> logits(kLetters, 0.0f);
    const size_t length = source.size() - 1;
    logits[static_cast<size_t>(prefix.size() < length ? source[length - 1 - prefix.size()] : kEosId)] = 30;
    return logits;
  };
}

TranslateOptions with(int64_t batch_size, int64_t num_threads, int64_t beam = 1) {
  TranslateOptions options;
  options.batch_size = batch_size;
  options.num_threads = num_threads;
  options.search.beam = beam;
  options.search.max_length = 40;
  return options;
}

std::vector<std::string> lines_of_every_length() {
  std::vector<std::string> lines;
  for (size_t i = 0; i < 150; ++i) {
    std::string line;
    for (size_t k = 0; k < i * 7 % 23; ++k) line += static_cast<char>('a' + (i * 5 + k * 3) % 26);
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> texts(const std::vector<Translation>& translations) {
  std::vector<std::string> result;
  for (const auto& translation : translations) result.push_back(translation.text);
  return result;
}

}  // namespace

TEST_CASE("translations stand in the order of their lines") {
  TableModel model(kLetters, reversing());
  const auto lines = lines_of_every_length();
  const auto translations = translate(model, letter_tokenizers(), lines, with(8, 2));
  REQUIRE(translations.size() == lines.size());
  for (size_t i = 0; i < lines.size(); ++i) CHECK(translations[i].text == std::string(lines[i].rbegin(), lines[i].rend()));
}

TEST_CASE("translations do not depend on the batch size, the threads or the order of the lines") {
  const auto lines = lines_of_every_length();
  for (const int64_t beam : {1, 3}) {
    TableModel model(kLetters, hashed_logits(kLetters, 13));
    const auto expected = translate(model, letter_tokenizers(), lines, with(1, 1, beam));
    for (const auto& [batch_size, num_threads] : std::vector<std::pair<int64_t, int64_t>>{{64, 1}, {7, 2}, {1000, 3}}) {
      const auto translations = translate(model, letter_tokenizers(), lines, with(batch_size, num_threads, beam));
      CHECK(texts(translations) == texts(expected));
      for (size_t i = 0; i < lines.size(); ++i) {
        REQUIRE(translations[i].hypotheses.size() == expected[i].hypotheses.size());
        CHECK(translations[i].hypotheses[0].score == expected[i].hypotheses[0].score);
      }
    }
    auto shuffled = lines;
    std::rotate(shuffled.begin(), shuffled.begin() + 41, shuffled.end());
    auto rotated = texts(expected);
    std::rotate(rotated.begin(), rotated.begin() + 41, rotated.end());
    CHECK(texts(translate(model, letter_tokenizers(), shuffled, with(16, 2, beam))) == rotated);
  }
}

TEST_CASE("an empty or blank line is an empty translation and does not reach the model") {
  TableModel model(kLetters, reversing());
  const std::vector<std::string> lines = {"", "  \t ", "ab", ""};
  const auto translations = translate(model, letter_tokenizers(), lines, with(4, 1));
  CHECK(texts(translations) == std::vector<std::string>{"", "", "ba", ""});
  REQUIRE(translations[1].hypotheses.size() == 1);
  CHECK(translations[1].hypotheses[0].ids.empty());
  CHECK(translations[1].n_best_text == std::vector<std::string>{""});
  CHECK(model.num_rows == 3);
  CHECK(translate(model, letter_tokenizers(), std::vector<std::string>{}, with(4, 1)).empty());
}

TEST_CASE("a source that is too long is cut and flagged, never dropped") {
  TableModel model(kLetters, reversing());
  auto options = with(4, 1);
  options.max_source_tokens = 3;
  const std::vector<std::string> lines = {"abcdef", "abc"};
  TranslateReport report;
  const auto translations = translate(model, letter_tokenizers(), lines, options, &report);
  CHECK(texts(translations) == std::vector<std::string>{"cba", "cba"});
  CHECK(translations[0].source_truncated);
  CHECK_FALSE(translations[1].source_truncated);
  CHECK(report.num_truncated_sources == 1);
}

TEST_CASE("n-best texts follow their hypotheses") {
  TableModel model(kLetters, hashed_logits(kLetters, 17));
  auto options = with(4, 2, 4);
  options.search.n_best = 3;
  const auto translations = translate(model, letter_tokenizers(), std::vector<std::string>{"abc", "de"}, options);
  for (const auto& translation : translations) {
    REQUIRE(translation.n_best_text.size() == 3);
    CHECK(translation.text == translation.n_best_text[0]);
    for (size_t i = 0; i < 3; ++i) CHECK(translation.n_best_text[i] == LetterTokenizer().decode(translation.hypotheses[i].ids));
  }
}

TEST_CASE("the report counts the best hypotheses and sums over calls") {
  TableModel model(kLetters, reversing());
  auto options = with(4, 1);
  options.search.max_length = 4;
  TranslateReport report;
  const std::vector<std::string> lines = {"abc", "", "abcdef"};
  translate(model, letter_tokenizers(), lines, options, &report);
  translate(model, letter_tokenizers(), lines, options, &report);
  CHECK(report.num_sentences == 6);
  CHECK(report.num_target_tokens == 2 * (3 + 4));
  CHECK(report.num_truncated_targets == 2);
  CHECK(report.seconds > 0);
}

TEST_CASE("progress counts up to every line") {
  TableModel model(kLetters, reversing());
  const auto lines = lines_of_every_length();
  std::vector<int64_t> seen;
  translate(model, letter_tokenizers(), lines, with(16, 2), nullptr, [&](int64_t done) { seen.push_back(done); });
  REQUIRE_FALSE(seen.empty());
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() == static_cast<int64_t>(lines.size()));
}

TEST_CASE("what a worker throws comes out of translate, and the thread count is left as it was") {
  TableModel model(kLetters, [](const Ids& source, const Ids&) -> std::vector<float> {
    if (source.size() == 5) throw DataError("four letters");
    return std::vector<float>(kLetters, 0.0f);
  });
  const int threads = at::get_num_threads();
  CHECK_THROWS_WITH(translate(model, letter_tokenizers(), lines_of_every_length(), with(4, 2)), "four letters");
  CHECK(at::get_num_threads() == threads);
}

TEST_CASE("a set stop ends the work with an error that says how far it came") {
  TableModel model(kLetters, reversing());
  std::atomic<bool> stop{true};
  CHECK_THROWS_WITH(translate(model, letter_tokenizers(), std::vector<std::string>{"a", "", "b"}, with(4, 2), nullptr, {}, &stop),
                    "translation stopped after 1 of 3 lines");
}

TEST_CASE("translate checks its options and those of the search together") {
  TableModel model(kLetters, reversing());
  auto options = with(0, 0, 0);
  options.max_source_tokens = 0;
  CHECK_THROWS_WITH(
      translate(model, letter_tokenizers(), std::vector<std::string>{"a"}, options),
      "translate: beam: must be between 1 and 1000, got 0; n_best: must be at most beam (0), got 1; batch_size: must be between 1 and "
      "100000, got 0; num_threads: must be between 1 and 1024, got 0; max_source_tokens: must be between 1 and 1000000, got 0");
}
