#include <ATen/Parallel.h>
#include <unistd.h>

#include <cstdlib>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_RUNNER
#undef CHECK
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
  // With threads that spin while they wait, a test of seconds takes minutes beside any other program. OpenMP reads its environment before
  // main.
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
    setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
    execv("/proc/self/exe", argv);
  }
  at::set_num_threads(2);  // results must not depend on the machine's number of cores
  return Catch::Session().run(argc, argv);
}
