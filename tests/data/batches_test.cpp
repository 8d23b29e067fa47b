#include "data/batches.h"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/corpus_writer.h"
#include "data/epoch_plan.h"
#include "data/error.h"
#include "data/random.h"
#include "data/special_tokens.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;

namespace {

using Ids = std::vector<int32_t>;
using Plan = std::vector<std::vector<int64_t>>;

// A corpus in memory; the id of every token tells its pair.
class MemoryCorpus : public Corpus {
 public:
  void add(int64_t source_length, int64_t target_length) {
    const auto id = static_cast<int32_t>(kNumSpecialTokens + sources.size());
    sources.emplace_back(static_cast<size_t>(source_length), id);
    targets.emplace_back(static_cast<size_t>(target_length), id);
  }
  int64_t num_pairs() const override { return static_cast<int64_t>(sources.size()); }
  std::span<const int32_t> source(int64_t pair) const override { return sources[static_cast<size_t>(pair)]; }
  std::span<const int32_t> target(int64_t pair) const override { return targets[static_cast<size_t>(pair)]; }
  int64_t line(int64_t pair) const override { return 10 * pair + 1; }
  int64_t num_source_tokens() const override { return 0; }
  int64_t num_target_tokens() const override { return 0; }
  std::string digest() const override { return "memory"; }

  std::vector<Ids> sources, targets;
};

// Many short lines, few long ones: P(length = n) ~ 1 / n up to max_length; the two sides differ by up to a third.
std::shared_ptr<MemoryCorpus> zipf_corpus(int64_t num_pairs, int64_t max_length, uint64_t seed) {
  auto corpus = std::make_shared<MemoryCorpus>();
  SplitMix64 random{seed};
  for (int64_t i = 0; i < num_pairs; ++i) {
    const double uniform = static_cast<double>(random.below(1u << 30)) / static_cast<double>(1u << 30);
    const auto source = static_cast<int64_t>(std::pow(static_cast<double>(max_length), uniform));
    const int64_t target = source * static_cast<int64_t>(100 + random.below(67)) / 133;
    corpus->add(source - 1, std::max<int64_t>(0, target - 1));
  }
  return corpus;
}

int64_t longest_of(const Corpus& corpus, const std::vector<int64_t>& batch) {
  size_t longest = 0;
  for (const int64_t pair : batch) longest = std::max({longest, corpus.source(pair).size() + 1, corpus.target(pair).size() + 1});
  return static_cast<int64_t>(longest);
}

int64_t padded_tokens(const Corpus& corpus, const std::vector<int64_t>& batch) {
  return static_cast<int64_t>(batch.size()) * longest_of(corpus, batch);
}

void check_is_epoch(const Corpus& corpus, const BatchConfig& config, const Plan& plan) {
  std::vector<int64_t> seen;
  for (const auto& batch : plan) {
    REQUIRE(!batch.empty());
    seen.insert(seen.end(), batch.begin(), batch.end());
    if (batch.size() > 1) CHECK(padded_tokens(corpus, batch) <= config.batch_tokens);
    if (config.batch_sentences > 0) CHECK(static_cast<int64_t>(batch.size()) <= config.batch_sentences);
  }
  std::sort(seen.begin(), seen.end());
  REQUIRE(static_cast<int64_t>(seen.size()) == corpus.num_pairs());
  for (int64_t i = 0; i < corpus.num_pairs(); ++i) REQUIRE(seen[static_cast<size_t>(i)] == i);
}

BatchConfig config_of(int64_t batch_tokens, int64_t bucket_window, int64_t batch_sentences = 0) {
  BatchConfig config;
  config.batch_tokens = batch_tokens;
  config.bucket_window = bucket_window;
  config.batch_sentences = batch_sentences;
  return config;
}

std::string config_message(const char* json) {
  try {
    BatchConfig::from_json(nlohmann::json::parse(json));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("every pair occurs exactly once an epoch and no batch exceeds its budget") {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const auto corpus = zipf_corpus(2000 + static_cast<int64_t>(seed) * 37, 150, seed);
    for (const BatchConfig& config :
         {config_of(1000, 500), config_of(1000, 0), config_of(200, 7), config_of(4096, 100000, 16), config_of(1, 1)}) {
      CAPTURE(seed, config.batch_tokens, config.bucket_window, config.batch_sentences);
      check_is_epoch(*corpus, config, plan_epoch(*corpus, config, seed, 3));
      check_is_epoch(*corpus, config, plan_in_order(*corpus, config));
    }
  }
}

TEST_CASE("an epoch's order is the same for the same seed and another for another seed or epoch") {
  const auto corpus = zipf_corpus(1000, 100, 1);
  const BatchConfig config = config_of(500, 300);
  const Plan plan = plan_epoch(*corpus, config, 1, 0);
  CHECK(plan == plan_epoch(*corpus, config, 1, 0));
  CHECK(plan != plan_epoch(*corpus, config, 1, 1));
  CHECK(plan != plan_epoch(*corpus, config, 2, 0));
  CHECK(plan_epoch(*corpus, config, 2, 0) != plan_epoch(*corpus, config, 1, 1));
}

TEST_CASE("an epoch's order never changes, since a resumed run relies on it") {
  // Worked out by a second implementation, in Python.
  MemoryCorpus corpus;
  for (int64_t i = 0; i < 8; ++i) corpus.add(i % 3, 0);
  CHECK(plan_epoch(corpus, config_of(6, 4), 42, 7) == Plan{{3, 4, 7}, {5}, {0, 6, 1}, {2}});
}

TEST_CASE("a pair longer than the budget makes a batch alone") {
  MemoryCorpus corpus;
  for (const int64_t length : {3, 50, 3, 4}) corpus.add(length, 2);
  const Plan plan = plan_epoch(corpus, config_of(20, 0), 1, 0);
  check_is_epoch(corpus, config_of(20, 0), plan);
  CHECK(std::count(plan.begin(), plan.end(), std::vector<int64_t>{1}) == 1);
  CHECK(plan.size() == 2);
}

TEST_CASE("little of a batch is padding on lengths as text has them") {
  const auto corpus = zipf_corpus(20000, 100, 3);
  const auto padding = [&](const Plan& plan) {
    int64_t real = 0, padded = 0;
    for (const auto& batch : plan) {
      const Batch made = make_batch(*corpus, batch);
      real += made.num_source_tokens + made.num_target_tokens;
      padded += made.source_BS.numel() + made.target_in_BT.numel();
    }
    return 1.0 - static_cast<double>(real) / static_cast<double>(padded);
  };
  CHECK(padding(plan_epoch(*corpus, config_of(4096, 100000), 1, 0)) < 0.08);
  CHECK(padding(plan_epoch(*corpus, config_of(4096, 5000), 1, 0)) < 0.15);
  // Without buckets most of it would be.
  std::vector<std::vector<int64_t>> random(200);
  SplitMix64 numbers{1};
  for (int64_t pair = 0; pair < corpus->num_pairs(); ++pair) random[numbers.below(random.size())].push_back(pair);
  CHECK(padding(random) > 0.6);
}

TEST_CASE("batches of an epoch are not ordered by length") {
  const auto corpus = zipf_corpus(5000, 100, 3);
  const Plan plan = plan_epoch(*corpus, config_of(500, 0), 1, 0);
  size_t num_longer = 0;
  for (size_t i = 1; i < plan.size(); ++i) num_longer += longest_of(*corpus, plan[i]) > longest_of(*corpus, plan[i - 1]);
  CHECK(num_longer > plan.size() / 3);
  CHECK(num_longer < plan.size() * 2 / 3);
}

TEST_CASE("without shuffling the longest come first") {
  const auto corpus = zipf_corpus(500, 100, 3);
  const Plan plan = plan_in_order(*corpus, config_of(500, 10));
  for (size_t i = 1; i < plan.size(); ++i) CHECK(longest_of(*corpus, plan[i]) <= longest_of(*corpus, plan[i - 1]));
}

TEST_CASE("counting an epoch's batches gives the number of batches planned") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto corpus = zipf_corpus(700, 120, seed);
    for (const BatchConfig& config :
         {config_of(1000, 100), config_of(300, 0), config_of(90, 33), config_of(50, 700, 3), config_of(5000, 50, 7), config_of(1, 10)}) {
      CAPTURE(seed, config.batch_tokens, config.bucket_window, config.batch_sentences);
      const EpochPlanner planner(*corpus, config);
      CHECK(planner.count_batches(seed, 2) == planner.plan(seed, 2).num_batches());
    }
  }
}

TEST_CASE("a batch holds ids, <s>, </s> and padding where the header says") {
  MemoryCorpus corpus;
  corpus.sources = {{5, 6, 7}, {8}, {}};
  corpus.targets = {{9}, {10, 1}, {}};
  const Batch batch = make_batch(corpus, std::vector<int64_t>{1, 0, 2});
  const auto equal = [](const torch::Tensor& tensor, const std::vector<std::vector<int64_t>>& rows) {
    std::vector<int64_t> flat;
    for (const auto& row : rows) flat.insert(flat.end(), row.begin(), row.end());
    return tensor.dtype() == torch::kInt64 &&
           torch::equal(tensor, torch::tensor(flat).view({static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())}));
  };
  CHECK(equal(batch.source_BS, {{8, kEosId, 0, 0}, {5, 6, 7, kEosId}, {kEosId, 0, 0, 0}}));
  CHECK(equal(batch.target_in_BT, {{kBosId, 10, 1}, {kBosId, 9, 0}, {kBosId, 0, 0}}));
  CHECK(equal(batch.target_out_BT, {{10, 1, kEosId}, {9, kEosId, 0}, {kEosId, 0, 0}}));
  CHECK(torch::equal(batch.source_length_B, torch::tensor(std::vector<int64_t>{2, 4, 1})));
  CHECK(torch::equal(batch.target_length_B, torch::tensor(std::vector<int64_t>{3, 2, 1})));
  CHECK(batch.num_source_tokens == 7);
  CHECK(batch.num_target_tokens == 6);
  CHECK(batch.pair_ids == std::vector<int64_t>{1, 0, 2});
  CHECK(batch.num_sentences() == 3);
}

TEST_CASE("moving a batch to a device leaves its lengths on the CPU") {
  MemoryCorpus corpus;
  corpus.add(2, 3);
  const Batch batch = make_batch(corpus, std::vector<int64_t>{0});
  const Batch moved = batch.to(torch::kMeta);  // the one other device that every machine has
  for (const auto& ids : {moved.source_BS, moved.target_in_BT, moved.target_out_BT}) CHECK(ids.is_meta());
  for (const auto& lengths : {moved.source_length_B, moved.target_length_B}) CHECK(lengths.is_cpu());
  CHECK(moved.num_target_tokens == batch.num_target_tokens);
  CHECK(moved.pair_ids == batch.pair_ids);
  CHECK(batch.source_BS.is_cpu());
}

TEST_CASE("a stream hands out the planned batches, epoch after epoch") {
  const auto corpus = zipf_corpus(300, 50, 1);
  const BatchConfig config = config_of(400, 100);
  BatchStream stream(corpus, config, 5);
  CHECK(stream.position() == 0);
  CHECK(stream.epoch() == 0);
  CHECK(stream.epoch_position() == 0);
  int64_t position = 0;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const Plan plan = plan_epoch(*corpus, config, 5, epoch);
    for (size_t i = 0; i < plan.size(); ++i) {
      CHECK(stream.next().pair_ids == plan[i]);
      CHECK(stream.position() == ++position);
      CHECK(stream.epoch() == epoch);
      CHECK(stream.epoch_batches() == static_cast<int64_t>(plan.size()));
      CHECK(stream.epoch_position() == static_cast<int64_t>(i) + 1);
    }
  }
}

TEST_CASE("a stream restarted at any position goes on exactly as an unbroken one") {
  const auto corpus = zipf_corpus(120, 50, 1);
  const BatchConfig config = config_of(400, 50);
  struct Seen {
    std::vector<int64_t> pair_ids;
    int64_t position, epoch, epoch_batches, epoch_position;
  };
  const auto take = [&](int64_t position, size_t count) {
    BatchStream stream(corpus, config, 9, position);
    std::vector<Seen> seen = {{{}, stream.position(), stream.epoch(), stream.epoch_batches(), stream.epoch_position()}};
    while (seen.size() <= count) {
      Batch batch = stream.next();
      seen.push_back({batch.pair_ids, stream.position(), stream.epoch(), stream.epoch_batches(), stream.epoch_position()});
    }
    return seen;
  };
  const std::vector<Seen> unbroken = take(0, 60);
  REQUIRE(unbroken.back().epoch >= 2);
  for (size_t position = 0; position <= 50; ++position) {
    CAPTURE(position);
    const std::vector<Seen> resumed = take(static_cast<int64_t>(position), 10);
    for (size_t i = 0; i < resumed.size(); ++i) {
      const Seen &expected = unbroken[position + i], &got = resumed[i];
      if (i > 0) CHECK(got.pair_ids == expected.pair_ids);
      CHECK(got.position == expected.position);
      CHECK(got.epoch == expected.epoch);
      CHECK(got.epoch_batches == expected.epoch_batches);
      CHECK(got.epoch_position == expected.epoch_position);
    }
  }
}

TEST_CASE("an id that no text has is reported with its line, after the batches before it, and again when asked again") {
  const auto corpus = std::make_shared<MemoryCorpus>();
  for (int i = 0; i < 20; ++i) corpus->add(3, 3);
  for (const int32_t bad : {kPadId, kBosId, kEosId, -7}) {
    corpus->targets[11][1] = bad;
    BatchStream stream(corpus, config_of(8, 5), 1);
    const std::string expected = fmt::format(
        "corpus: the pair of line 111 has id {} at token 1 of its target; ids in a corpus are 1 (<unk>) or 4 and above: prepare it again",
        bad);
    const Plan plan = plan_epoch(*corpus, config_of(8, 5), 1, 0);
    for (const auto& batch : plan) {
      if (std::find(batch.begin(), batch.end(), 11) != batch.end()) break;
      CHECK(stream.next().pair_ids == batch);
    }
    CHECK_THROWS_WITH(stream.next(), Equals(expected));
    CHECK_THROWS_AS(stream.next(), DataError);
  }
}

TEST_CASE("a stream can be destroyed while its thread waits, works or has failed") {
  const auto corpus = zipf_corpus(2000, 50, 1);
  for (int i = 0; i < 20; ++i) {
    BatchStream stream(corpus, config_of(200, 0), static_cast<uint64_t>(i));
    if (i % 2 == 0) stream.next();
  }
  corpus->sources[5].assign(1, kEosId);
  for (int i = 0; i < 5; ++i) BatchStream(corpus, config_of(1000000, 0), static_cast<uint64_t>(i));
  SUCCEED();  // nothing hung or crashed
}

TEST_CASE("a stream over no pairs or from a negative position is refused") {
  CHECK_THROWS_WITH(BatchStream(std::make_shared<MemoryCorpus>(), BatchConfig(), 1), Equals("corpus: holds no pair to train on"));
  CHECK_THROWS_WITH(BatchStream(zipf_corpus(3, 5, 1), BatchConfig(), 1, -1),
                    Equals("corpus: cannot resume at batch -1; positions begin at 0"));
  CHECK(plan_epoch(MemoryCorpus(), BatchConfig(), 1, 0).empty());
  CHECK(plan_in_order(MemoryCorpus(), BatchConfig()).empty());
}

TEST_CASE("batches come from a file as well as from memory") {
  const TemporaryDirectory folder;
  const auto memory = zipf_corpus(400, 40, 2);
  {
    CorpusWriter writer(folder / "train.corpus", "d");
    for (int64_t pair = 0; pair < memory->num_pairs(); ++pair) writer.add(memory->source(pair), memory->target(pair), memory->line(pair));
    writer.commit();
  }
  BatchStream from_memory(memory, config_of(300, 100), 1), from_file(Corpus::open(folder / "train.corpus"), config_of(300, 100), 1);
  for (int i = 0; i < 150; ++i) {
    const Batch expected = from_memory.next(), got = from_file.next();
    CHECK(got.pair_ids == expected.pair_ids);
    CHECK(torch::equal(got.source_BS, expected.source_BS));
    CHECK(torch::equal(got.target_out_BT, expected.target_out_BT));
  }
}

TEST_CASE("batch settings are checked together and written back as they were read") {
  CHECK(BatchConfig::from_json(config_of(17, 3, 5).to_json()).to_json() == config_of(17, 3, 5).to_json());
  const std::string message = config_message(R"({"batch_tokens": 0, "batch_sentences": -1, "bucket_window": -5, "batch_size": 64})");
  CHECK_THAT(message, ContainsSubstring("train.batch.batch_tokens: must be 1 or more, got 0"));
  CHECK_THAT(message, ContainsSubstring("train.batch.batch_sentences: must be 0 (no bound) or more, got -1"));
  CHECK_THAT(message, ContainsSubstring("train.batch.bucket_window: must be 0 (sort the whole epoch) or more, got -5"));
  CHECK_THAT(message, ContainsSubstring("train.batch.batch_size: unknown key"));
}
