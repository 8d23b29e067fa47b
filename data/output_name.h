// The names that this process is about to give to files and folders. Of two outputs under one name, or one within a folder that another
// replaces as a whole, one would be lost without a word.
#pragma once

#include <filesystem>
#include <string>

namespace attnzoo {

// Holds a name as long as it lives.
class OutputName {
 public:
  // Throws ConfigError where another output has this name, lies within it or around it.
  explicit OutputName(const std::filesystem::path& name);
  ~OutputName();
  OutputName(const OutputName&) = delete;
  OutputName& operator=(const OutputName&) = delete;

 private:
  std::string full_name_;
};

}  // namespace attnzoo
