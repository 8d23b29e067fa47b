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
  using std::runtime_error::runtime_error;
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

// fail<DataError>("{}:{}: not valid UTF-8", path, line)
template <class Exception, class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Exception(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace attnzoo
