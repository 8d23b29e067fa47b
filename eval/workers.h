// Work in numbered pieces, spread over threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>

namespace attnzoo {

// How a thread is started; throws std::system_error when the system has none left.
using StartThread = std::function<std::thread(std::function<void()>)>;

// Runs work(i) for every i in 0 .. count - 1 on `num_threads` threads of one LibTorch thread each. The first exception stops the others
// after their present piece and is rethrown here. Where the system refuses threads, those that have started do the work; without any, this
// one does.
void run_on_workers(int64_t num_threads, size_t count, const std::function<void(size_t)>& work, const StartThread& start = {});

}  // namespace attnzoo
