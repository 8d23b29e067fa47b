// Runs the project's programs through a shell, as a user does. Include it after LibTorch's headers.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "tests/catch.h"

namespace attnzoo::test {

struct Outcome {
  int status = -1;  // exit status, or 128 + signal
  std::string output;
};

// Runs a shell command line in `folder`, with the built programs first on the path. Captures standard output.
inline Outcome run_shell(const std::filesystem::path& folder, const std::string& command) {
  const std::string line = "cd '" + folder.string() + "' && export PATH=\"" ATTNZOO_BIN_DIR ":$PATH\" && { " + command + "; }";
  std::FILE* pipe = popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start a shell");
  Outcome outcome;
  char buffer[4096];
  for (size_t count; (count = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.output.append(buffer, count);
  const int status = pclose(pipe);
  outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

// The same, capturing standard error as well.
inline Outcome run_merged(const std::filesystem::path& folder, const std::string& command) {
  return run_shell(folder, "{ " + command + "; } 2>&1");
}

// A script of bash, which has job control without a terminal: `set -m` lets a background job see Ctrl-C, which it would ignore otherwise.
// Standard error is among the output.
inline Outcome run_bash(const std::filesystem::path& folder, const std::string& script) {
  const auto file = folder / "script.bash";
  std::ofstream(file) << script << "\n";
  return run_merged(folder, "bash " + file.string());
}

// False, with a warning, if a program is not built; the test is then skipped.
inline bool programs_are_built(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (!std::filesystem::exists(std::filesystem::path(ATTNZOO_BIN_DIR) / name)) {
      WARN("skipped: " << name << " is not built");
      return false;
    }
  return true;
}

}  // namespace attnzoo::test
