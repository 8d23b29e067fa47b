#include "eval/workers.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <vector>

namespace attnzoo {

void run_on_workers(int64_t num_threads, size_t count, const std::function<void(size_t)>& work, const StartThread& start) {
  std::atomic<size_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto worker = [&] {
    try {
      at::set_num_threads(1);
      for (size_t i = next++; i < count; i = next++) work(i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  if (count == 0) return;
  // LibTorch keeps the number of threads per thread and, for threads to come, per process: the latter is put back afterwards.
  const int process_threads = at::get_num_threads();
  const auto num_workers = static_cast<size_t>(std::clamp(num_threads, int64_t{1}, static_cast<int64_t>(count)));
  std::vector<std::thread> threads;
  threads.reserve(num_workers);
  try {
    while (threads.size() < num_workers) threads.push_back(start ? start(worker) : std::thread(worker));
  } catch (const std::system_error&) {
    if (threads.empty()) worker();
  }
  for (auto& thread : threads) thread.join();
  at::set_num_threads(process_threads);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace attnzoo
