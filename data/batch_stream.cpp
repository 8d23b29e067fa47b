#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "data/batches.h"
#include "data/epoch_plan.h"
#include "data/error.h"

namespace attnzoo {
namespace {

constexpr size_t kMaxAhead = 4;
// Pairs after which the corpus gives its pages back. A pair that is looked at maps up to 64 kB around itself, twice (ids and table).
constexpr int64_t kReleasePairs = 1024;

// The place of a batch in the run.
struct Place {
  int64_t epoch = 0;
  int64_t epoch_batches = 0;
  int64_t epoch_position = 0;  // batches of the epoch handed out, this one included
};

struct Item {
  Batch batch;
  Place place;
  std::exception_ptr error;
};

}  // namespace

struct BatchStream::Impl {
  Impl(std::shared_ptr<const Corpus> the_corpus, const BatchConfig& config, uint64_t the_seed, int64_t the_position,
       const std::atomic<bool>* stop)
      : corpus(std::move(the_corpus)), planner(*corpus, config), seed(the_seed), position(the_position) {
    if (corpus->num_pairs() == 0) fail<DataError>("{}: holds no pair to train on", corpus->name());
    if (position < 0) fail<DataError>("{}: cannot resume at batch {}; positions begin at 0", corpus->name(), position);
    place = find(position, stop);
    try {
      producer = std::thread([this] { produce(); });
    } catch (const std::system_error& error) {
      fail<Error>("no thread can be started to read {}: {}; the system's limit of threads is reached", corpus->name(), error.what());
    }
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    producer.join();
  }

  // The place of the last of `num_batches` batches. A whole epoch ends in itself, not at the start of the next. Counts epoch by epoch, so
  // that a position far away takes long: `stop` ends the search with a DataError.
  Place find(int64_t num_batches, const std::atomic<bool>* stop) const {
    Place found{0, planner.count_batches(seed, 0), num_batches};
    while (found.epoch_position > found.epoch_batches) {
      if (stop != nullptr && *stop) fail<DataError>("{}: stopped on the way to batch {}", corpus->name(), num_batches);
      found.epoch_position -= found.epoch_batches;
      found.epoch_batches = planner.count_batches(seed, ++found.epoch);
    }
    return found;
  }

  void produce() {
    try {
      int64_t pairs_since_release = 0, epoch = place.epoch, index = place.epoch_position;
      for (;; ++epoch, index = 0) {
        const EpochPlan plan = planner.plan(seed, epoch);
        for (; index < plan.num_batches(); ++index) {
          Item item{make_batch(*corpus, plan.batch(index)), {epoch, plan.num_batches(), index + 1}, nullptr};
          pairs_since_release += item.batch.num_sentences();
          if (pairs_since_release >= kReleasePairs) {
            corpus->release_memory();
            pairs_since_release = 0;
          }
          if (!push(std::move(item))) return;
        }
      }
    } catch (...) {
      push({{}, {}, std::current_exception()});
    }
  }

  // False: the stream is being destroyed.
  bool push(Item item) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return stopping || ready.size() < kMaxAhead; });
    if (stopping) return false;
    ready.push_back(std::move(item));
    lock.unlock();
    changed.notify_all();
    return true;
  }

  Batch next() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return !ready.empty(); });
    // An error stays in the queue: whoever asks again gets it again.
    if (ready.front().error) std::rethrow_exception(ready.front().error);
    Item item = std::move(ready.front());
    ready.pop_front();
    lock.unlock();
    changed.notify_all();
    place = item.place;
    ++position;
    return std::move(item.batch);
  }

  std::shared_ptr<const Corpus> corpus;
  EpochPlanner planner;
  uint64_t seed;
  int64_t position;
  Place place;  // of the batch last handed out; the caller's thread alone uses it once the producer runs

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::deque<Item> ready;
  bool stopping = false;
  std::thread producer;
};

BatchStream::BatchStream(std::shared_ptr<const Corpus> corpus, BatchConfig config, uint64_t seed, int64_t position,
                         const std::atomic<bool>* stop)
    : impl_(std::make_unique<Impl>(std::move(corpus), config, seed, position, stop)) {}

BatchStream::~BatchStream() = default;

Batch BatchStream::next() { return impl_->next(); }
int64_t BatchStream::position() const { return impl_->position; }
int64_t BatchStream::epoch() const { return impl_->place.epoch; }
int64_t BatchStream::epoch_batches() const { return impl_->place.epoch_batches; }
int64_t BatchStream::epoch_position() const { return impl_->place.epoch_position; }

}  // namespace attnzoo
