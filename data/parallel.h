// parallel_for(begin, end, grain, body): body(first, last) on ranges of at least `grain`, on LibTorch's threads.
//
// at::parallel_for is a template that spreads work only where the including source is compiled with OpenMP; elsewhere it runs on one
// thread, without a word. So loops use it through this header, which does not compile where the build found OpenMP but leaves it out.
#pragma once

#include <ATen/Parallel.h>

#if defined(ATTNZOO_OPENMP) && !defined(_OPENMP)
#error "this source is compiled without OpenMP, so its loops would run on one thread: link attnzoo::options"
#endif

namespace attnzoo {

using at::parallel_for;

}  // namespace attnzoo
