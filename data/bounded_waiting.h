// How long threads spin when they wait for each other.
#pragma once

namespace attnzoo {

// LibTorch's OpenMP threads (libgomp) spin for about a millisecond before they sleep, which takes the processor from other programs and,
// where these run too, from the threads that are waited for. libgomp reads how long from the environment as it is loaded, so this starts
// the program again, once, with a shorter time, unless the environment says one (OMP_WAIT_POLICY, GOMP_SPINCOUNT). Call it before anything
// is opened or printed, in a program that works long on many threads: it costs the time of a start.
void bound_waiting();

}  // namespace attnzoo
