// Files as an accident or an attacker would leave them, made from a sound one: cut, with bits flipped, bytes inserted or removed, numbers
// replaced by extreme ones, nested a hundred thousand levels deep, padded with zeros. The same content and seed give the same files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace attnzoo::test {

enum class Form {
  kBinary,  // integers are little-endian words
  kText,    // JSON or another text: integers are digits, values can be nested
};

// The content of one changed file.
std::string mutated(const std::string& content, Form form, uint64_t seed);

// Files that are nothing of the kind: empty, a zero, one megabyte of zeros, JSON of another form, deep nesting, the content twice.
std::vector<std::string> foreign_files(const std::string& content);

struct Survival {
  int64_t num_read = 0, num_refused = 0;
};

// Calls read() on the foreign files and on `count` mutations. Each call must return or throw an attnzoo::Error with a message, within two
// seconds of CPU time (twenty under a sanitizer); all of them together must not raise the peak of resident memory by more than 500 MB.
// Everything else is a failed check, or ends the program.
Survival survive(const std::string& content, Form form, size_t count, const std::function<void(const std::string&)>& read);

}  // namespace attnzoo::test
