// Independent readers of what attnzoo writes: Python with torch, ctranslate2, transformers, safetensors, TensorBoard or Selenium
// (tests/peers.txt). Include it after LibTorch's headers.
#pragma once

#include <string>

#include "tests/program.h"

namespace attnzoo::test {

inline const std::string kPython = ATTNZOO_SOURCE_DIR "/.venv/bin/python";

// Whether Python has the modules ("torch, transformers"). If not, warns, and the test is skipped; `make test` installs them if it can.
inline bool python_has(const std::string& modules) {
  const bool found = run_merged(".", kPython + " -W ignore -c 'import " + modules + "'").status == 0;
  if (!found) WARN("skipped: " << kPython << " cannot import " << modules << "; cmake/peers.sh installs them");
  return found;
}

// Runs tests/FOLDER/NAME.py with arguments in `folder`; captures standard error as well.
inline Outcome run_python(const std::filesystem::path& folder, const std::string& name, const std::string& arguments,
                          const std::string& tests_folder = "export") {
  return run_merged(folder, kPython + " -W ignore " ATTNZOO_SOURCE_DIR "/tests/" + tests_folder + "/" + name + ".py " + arguments);
}

}  // namespace attnzoo::test
