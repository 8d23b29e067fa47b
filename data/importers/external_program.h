// Runs another program without a shell and returns what it writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attnzoo {

struct ProgramOutput {
  int exit_status = 0;     // 128 + signal when killed; 127 when the program does not exist
  bool timed_out = false;  // it was ended after timeout_s
  bool too_long = false;   // it was ended after max_bytes
  std::string text;        // stdout, and stderr when asked for
};

// `arguments` starts with the program (looked up in PATH). Its standard input is empty. Throws DataError when the system gives no pipe.
ProgramOutput run_external(const std::vector<std::string>& arguments, bool keep_stderr, int64_t timeout_s,
                           size_t max_bytes = size_t{64} << 20);

}  // namespace attnzoo
