// The exceptions that every folder throws. run_program() (data/command_line.h) prints them and chooses the exit status.
//
// A message reads *where: what is wrong, with both values; what is accepted or what to do next*, further lines begin with two spaces:
//   train.de:1042: not valid UTF-8 at byte 17; pass --invalid-utf8 replace to accept it
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace attnzoo {

struct Error : std::runtime_error {
  explicit Error(const std::string& message) : std::runtime_error(without_nul(shortened(message))) {}

 private:
  // A message may quote what a file holds, which may be of any length: beginning and end say where and what to do.
  static std::string shortened(const std::string& message) {
    constexpr size_t kBegin = 6000, kEnd = 3000;
    if (message.size() <= kBegin + kEnd + 1000) return message;
    const auto at_character = [&](size_t at) {
      while (at > 0 && (static_cast<unsigned char>(message[at]) & 0xc0) == 0x80) --at;
      return at;
    };
    return message.substr(0, at_character(kBegin)) + " ... " + message.substr(at_character(message.size() - kEnd));
  }
  // what() ends at a NUL, and a stranger's file could so hide the rest of a message.
  static std::string without_nul(std::string message) {
    for (size_t at = message.find('\0'); at != message.npos; at = message.find('\0', at)) message.replace(at, 1, "\\x00");
    return message;
  }
};
// What the user typed or configured: an unknown key, a value out of range, an unknown model.
struct ConfigError : Error {
  using Error::Error;
};
// What a file of text, a corpus or a tokeniser holds, or that it cannot be read or written.
struct DataError : Error {
  using Error::Error;
};
// A checkpoint or an export that is damaged, of another format, or does not fit the model.
struct CheckpointError : Error {
  using Error::Error;
};

// A command line that is wrong whatever the files hold; run_program() prints it with a hint to --help and returns 2. No Error, so that
// nothing that passes over damaged input passes over it.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// fail<DataError>("{}:{}: not valid UTF-8", path, line)
template <class Exception, class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Exception(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace attnzoo
