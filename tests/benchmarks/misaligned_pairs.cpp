// How many misaligned pairs attnzoo-data inspect --report finds: exchanges the targets of a random share of a text's pairs and judges all
// pairs by data/pair_clues.h. Prints one line per share. Not a test; takes seconds for 40 thousand pairs.
//   ninja -C build/release benchmarks && build/release/bin/bench-misaligned-pairs train.en train.de 0 0.01 0.1
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

#include "data/error.h"
#include "data/pair_clues.h"
#include "data/text_reader.h"

namespace {

using namespace attnzoo;
constexpr size_t kSampledPairs = 20000;  // as data/text_findings.cpp samples them

struct Text {
  std::vector<std::string> lines;
  std::vector<LineClues> clues;
};

Text read(const std::string& file) {
  Text text;
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    text.clues.push_back(clues_of(line));
    text.lines.push_back(line);
  }
  return text;
}

void measure(const Text& source, const Text& target, double share) {
  const size_t num_pairs = source.lines.size();
  std::vector<size_t> order(num_pairs);
  std::iota(order.begin(), order.end(), 0);
  std::vector<size_t> target_of = order;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  const auto num_exchanged = static_cast<size_t>(share * static_cast<double>(num_pairs));
  for (size_t k = 0; k < num_exchanged; ++k) target_of[order[k]] = order[(k + 1) % num_exchanged];

  std::vector<std::pair<LineClues, LineClues>> sample;
  const size_t stride = (num_pairs + kSampledPairs - 1) / kSampledPairs;
  for (size_t i = 0; i < num_pairs; i += stride) sample.emplace_back(source.clues[i], target.clues[target_of[i]]);
  const PairJudge judge(sample);

  size_t num_misaligned = 0, num_named = 0, num_found = 0;
  for (size_t i = 0; i < num_pairs; ++i) {
    const auto clues = judge.judge(source.clues[i], target.clues[target_of[i]]);
    const bool is_named = judge.probability(std::accumulate(clues.begin(), clues.end(), 0.0)) > 0.5;
    const bool is_misaligned = target.lines[target_of[i]] != target.lines[i];
    num_misaligned += is_misaligned;
    num_named += is_named;
    num_found += is_named && is_misaligned;
  }
  const auto percent = [](size_t part, size_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  fmt::print("{:g} % of {} pairs exchanged: {} differ; {} named; of those that differ {:.0f} % are named, of those named {:.0f} % differ\n",
             100 * share, num_pairs, num_misaligned, num_named, percent(num_found, num_misaligned), percent(num_found, num_named));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: bench-misaligned-pairs SOURCE TARGET SHARE...\n", stderr);
    return 2;
  }
  try {
    const Text source = read(argv[1]), target = read(argv[2]);
    const size_t lines = source.lines.size();
    if (lines != target.lines.size() || lines < PairJudge::kFewestPairs)
      fail<DataError>("{} and {}: {} and {} lines; two files of as many lines are needed, {} or more", argv[1], argv[2], lines,
                      target.lines.size(), PairJudge::kFewestPairs);
    for (int i = 3; i < argc; ++i) measure(source, target, std::atof(argv[i]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}
