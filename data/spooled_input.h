// Text that can be read only once (standard input, a named pipe, <(command)), copied so that it can be read again.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/sources.h"

namespace attnzoo {

// As long as this lives, `texts` name the copies in place of such inputs. A copy is an open file without a name: it vanishes with the
// program, however that ends.
class SpooledInput {
 public:
  // The copies lie in the file system of `folder`. `log` receives a line before each copy, as a pipe may have to be waited for.
  // Throws ConfigError when one of them is named twice, DataError when it cannot be copied.
  SpooledInput(const std::vector<SourceConfig*>& texts, const std::filesystem::path& folder,
               const std::function<void(const std::string&)>& log);
  ~SpooledInput();
  SpooledInput(const SpooledInput&) = delete;
  SpooledInput& operator=(const SpooledInput&) = delete;

 private:
  SpooledInput() = default;
  std::vector<int> copies_;
};

}  // namespace attnzoo
