// parallel_for(begin, end, grain, body): body(first, last) on ranges of at least `grain`, on LibTorch's threads.
//
// at::parallel_for is a template that spreads work only where the including source is compiled with OpenMP; elsewhere it runs on one
// thread, without a word. So loops use it through this header, which does not compile where the build found OpenMP but leaves it out.
#pragma once

#include <ATen/Parallel.h>

#include <functional>
#include <future>
#include <system_error>

#if defined(ATTNZOO_OPENMP) && !defined(_OPENMP)
#error "this source is compiled without OpenMP, so its loops would run on one thread: link attnzoo::options"
#endif

namespace attnzoo {

using at::parallel_for;

// Runs both, at once where LibTorch may use more than one thread: `work`, which may call parallel_for, on this one, `other` on another.
// What either throws is thrown here, when both have ended.
inline void beside(const std::function<void()>& work, const std::function<void()>& other) {
  std::future<void> done;
  if (at::get_num_threads() > 1) {
    try {
      done = std::async(std::launch::async, other);
    } catch (const std::system_error&) {  // the system has no thread left
    }
  }
  work();
  done.valid() ? done.get() : other();
}

}  // namespace attnzoo
