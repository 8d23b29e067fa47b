// Runs another program without a shell and keeps what it writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace attnzoo {

struct ProgramOutput {
  int exit_status = 0;     // 128 + signal when killed; 127 when the program does not exist
  bool timed_out = false;  // it was ended after timeout_s
  std::string text;        // stdout, and stderr when asked for
};

// `arguments` starts with the program (looked up in PATH). Its standard input is empty.
ProgramOutput run_external(const std::vector<std::string>& arguments, bool keep_stderr, int64_t timeout_s);

}  // namespace attnzoo
