// Which pairs are likely misaligned, on an invented corpus whose misaligned pairs are known.
#include "data/pair_clues.h"

#include <fmt/format.h>

#include <numeric>
#include <random>

#include "tests/catch.h"

using namespace attnzoo;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

// Sentences of 3 to 20 words, every third one with a number and every tenth one with a name that both sides have.
Lines invented_pairs(size_t count) {
  std::mt19937_64 random(7);
  Lines pairs;
  for (size_t i = 0; i < count; ++i) {
    std::string source, target;
    const size_t num_words = 3 + random() % 18;
    for (size_t w = 0; w < num_words; ++w) {
      const auto word = random() % 500;
      source += fmt::format("{:c}ource ", static_cast<char>('a' + word % 26));
      target += word % 7 == 0 ? "zu dem " : fmt::format("{:c}ielwort ", static_cast<char>('a' + word % 26));
    }
    if (i % 3 == 0) source += fmt::format("{}", i), target += fmt::format("{}", i);
    if (i % 10 == 0) source += fmt::format(" Name{}x", i), target += fmt::format(" Name{}x", i);
    pairs.emplace_back(source, target);
  }
  return pairs;
}

PairJudge judge_of(const Lines& pairs) {
  std::vector<std::pair<LineClues, LineClues>> sample;
  for (const auto& [source, target] : pairs) sample.emplace_back(clues_of(source), clues_of(target));
  return PairJudge(sample);
}

double probability(const PairJudge& judge, const std::string& source, const std::string& target) {
  const auto clues = judge.judge(clues_of(source), clues_of(target));
  return judge.probability(std::accumulate(clues.begin(), clues.end(), 0.0));
}

}  // namespace

TEST_CASE("the clues of a line are its length, numbers, addresses and words") {
  const auto same = [](const char* a, const char* b) {
    const auto left = clues_of(a), right = clues_of(b);
    return std::array{left.numbers == right.numbers, left.addresses == right.addresses, left.words == right.words};
  };
  CHECK(clues_of("Stra\xC3\x9F"
                 "e 7")
            .length == 8);
  CHECK(same("on 14 August 2003", "2003-08-14, 14 August")[0] == false);
  CHECK(clues_of("2003-08-14").numbers == clues_of("14. 8. 2003").numbers);
  CHECK(clues_of("1,000").numbers == clues_of("1.000").numbers);
  CHECK(clues_of("0").numbers.size() == 1);
  CHECK(clues_of("see <http://x.org/a1>.").addresses == clues_of("http://x.org/a1").addresses);
  CHECK(clues_of("http://x.org/a1").numbers.empty());
  CHECK(clues_of("mail a.b@c.org!").addresses.size() == 1);
  CHECK(clues_of("a @ b").addresses.empty());
  CHECK(clues_of("the Debian 1234 debian").words.size() == 1);
  // The words of another script begin and end where a script without spaces does.
  CHECK(clues_of("\xE4\xBD\xBF\xE7\x94\xA8"
                 "Debian\xE7\xB3\xBB")
            .words == clues_of("Debian").words);
  CHECK(clues_of("\xC3\x9C"
                 "bung")
            .words != clues_of("bung").words);
  CHECK(clues_of("").length == 0);
}

TEST_CASE("misaligned pairs are found among pairs that belong together, and their share is estimated") {
  auto pairs = invented_pairs(3000);
  const auto sound = pairs;
  // Every 20th pair gets the target of another one.
  for (size_t i = 0; i < 3000; i += 20) pairs[i].second = sound[(i + 1111) % 3000].second;
  const auto judge = judge_of(pairs);
  CHECK(judge.share() > 0.03);
  CHECK(judge.share() < 0.07);
  size_t found = 0, false_alarms = 0;
  for (size_t i = 0; i < 3000; ++i) (i % 20 == 0 ? found : false_alarms) += probability(judge, pairs[i].first, pairs[i].second) > 0.5;
  CHECK(found > 90);  // of 150; many are of like lengths and have no number
  CHECK(false_alarms < 15);
}

TEST_CASE("of pairs that all belong together, none or few are suspected") {
  const auto pairs = invented_pairs(3000);
  const auto judge = judge_of(pairs);
  CHECK(judge.share() < 0.003);
  size_t suspected = 0;
  for (const auto& [source, target] : pairs) suspected += probability(judge, source, target) > 0.5;
  CHECK(suspected <= 3);
  CHECK(judge.information() > 1);
}

TEST_CASE("what the pairs of a corpus never share is no clue") {
  // Titles: the target has none of the source's numbers.
  auto pairs = invented_pairs(3000);
  for (auto& [source, target] : pairs) std::erase_if(target, [](char c) { return c >= '0' && c <= '9'; });
  const auto judge = judge_of(pairs);
  CHECK(probability(judge, "aource bource cource 17", "aielwort bielwort cielwort") < 0.01);
}

TEST_CASE("pairs that share no more than random lines do give no information") {
  auto pairs = invented_pairs(3000);
  const auto sound = pairs;
  for (size_t i = 0; i < 3000; ++i) pairs[i].second = sound[(i * 7 + 1111) % 3000].second;
  CHECK(judge_of(pairs).information() < 0.1);
}
