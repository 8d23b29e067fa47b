// Batches by padded-token budget, bucketed by length, in an order that is a pure function of (seed, epoch).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "data/batch.h"
#include "data/corpus.h"

namespace attnzoo {

// Enough for any memory, and far below what an index can hold.
inline constexpr int64_t kMaxBatchTokens = 100000000;

// Settings of the recipe's train.batch.
struct BatchConfig {
  // Upper bound of a batch's padded size: sentences * max(longest source + 1, longest target + 1), from 1 to kMaxBatchTokens. A longer
  // pair is a batch of its own.
  int64_t batch_tokens = 4096;
  // Upper bound of sentences per batch; 0 for none.
  int64_t batch_sentences = 0;
  // Pairs sorted by length together after the epoch's shuffle. Larger: less padding, less random batches. 0 sorts the whole epoch.
  int64_t bucket_window = 100000;

  static BatchConfig from_json(const nlohmann::json& fields);  // throws ConfigError
  nlohmann::json to_json() const;
};

// The pair ids of every batch of an epoch, in training order: all pairs shuffled, each window of them sorted by length and cut into batches
// of at most batch_tokens, the batches of a window shuffled. A pure function of its arguments, the same on every machine.
std::vector<std::vector<int64_t>> plan_epoch(const Corpus& corpus, const BatchConfig& config, uint64_t seed, int64_t epoch);
// The same without shuffling, for validation: longest first within the whole corpus.
std::vector<std::vector<int64_t>> plan_in_order(const Corpus& corpus, const BatchConfig& config);

// Throws DataError, naming the line, for ids that no text has.
Batch make_batch(const Corpus& corpus, std::span<const int64_t> pair_ids);

// Endless training batches, made ahead in one thread: four at most wait. An exception there (a damaged corpus) is rethrown by next(), after
// the batches before it. Keeps 16 bytes a pair in memory while it runs. One thread at a time may call its functions.
class BatchStream {
 public:
  // `position`: batches already consumed since training began; the stream continues with the next one. Finding it costs about 0.1 s per
  // epoch and million pairs; a set `stop` ends the search. Throws DataError for a corpus without pairs and when it was stopped.
  BatchStream(std::shared_ptr<const Corpus> corpus, BatchConfig config, uint64_t seed, int64_t position = 0,
              const std::atomic<bool>* stop = nullptr);
  ~BatchStream();
  Batch next();
  int64_t position() const;        // batches handed out since training began: all there is to save
  int64_t epoch() const;           // of the batch last handed out, 0-based
  int64_t epoch_batches() const;   // number of batches of that epoch
  int64_t epoch_position() const;  // how many of them are handed out

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace attnzoo
