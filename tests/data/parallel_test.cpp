#include "data/parallel.h"

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("a loop spreads over LibTorch's threads, and a worker of one thread keeps its loops to itself") {
#ifndef ATTNZOO_OPENMP
  WARN("skipped: built without OpenMP");
  return;
#endif
  const int before = at::get_num_threads();
  const auto threads_of_loop = [](int num_threads) {
    at::set_num_threads(num_threads);
    std::set<std::thread::id> threads;
    std::mutex mutex;
    parallel_for(0, 64, 1, [&](int64_t, int64_t) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
    });
    return threads.size();
  };
  CHECK(threads_of_loop(2) == 2);
  CHECK(threads_of_loop(1) == 1);
  at::set_num_threads(before);
}

}  // namespace attnzoo::test
