// Running the project's programs as a user does, through a shell.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace attnzoo::test {

struct Outcome {
  int status = -1;     // exit status; 128 + signal where a signal ended it
  std::string output;  // standard output and error together, unless the command redirects them
};

// "PROGRAM ARGUMENTS", run in `folder`; the programs built with the tests come first on the path.
inline Outcome run_program_in(const std::filesystem::path& folder, const std::string& command) {
  const std::string line = "cd '" + folder.string() + "' && export PATH=\"" ATTNZOO_BIN_DIR ":$PATH\" && " + command + " 2>&1";
  std::FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start a shell");
  Outcome outcome;
  char buffer[4096];
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.output.append(buffer, count);
  const int status = pclose(pipe);
  outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

}  // namespace attnzoo::test
