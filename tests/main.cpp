#include <ATen/Parallel.h>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#define CATCH_CONFIG_RUNNER
#undef CHECK
#include <catch2/catch.hpp>
#endif

int main(int argc, char** argv) {
  at::set_num_threads(2);  // the same everywhere: results must not depend on the machine's core count
  return Catch::Session().run(argc, argv);
}
