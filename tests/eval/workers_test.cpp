#include "eval/workers.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <vector>

#include "data/error.h"

#include "tests/catch.h"

using namespace attnzoo;

namespace {

// Starts `limit` threads and then has none left.
StartThread start_at_most(int limit) {
  return [limit, started = 0](std::function<void()> body) mutable {
    if (started++ == limit) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again), "no thread");
    return std::thread(std::move(body));
  };
}

}  // namespace

TEST_CASE("every piece of work is done once, by as many threads as the system gives") {
  const int available = GENERATE(0, 1, 3, 8);
  const int process_threads = at::get_num_threads();
  std::vector<std::atomic<int>> done(100);
  run_on_workers(8, done.size(), [&](size_t i) { ++done[i]; }, start_at_most(available));
  CHECK(std::all_of(done.begin(), done.end(), [](const auto& times) { return times == 1; }));
  CHECK(at::get_num_threads() == process_threads);
}

TEST_CASE("what a piece of work throws comes out, even where threads are lacking") {
  const int available = GENERATE(0, 2, 8);
  const auto work = [](size_t i) {
    if (i == 17) fail<DataError>("piece {}", i);
  };
  CHECK_THROWS_WITH(run_on_workers(8, 100, work, start_at_most(available)), "piece 17");
}
