// Lines of text from a plain file, a gzip file or standard input, read as a stream.
//
// A line ends at LF and nowhere else (U+2028, vertical tab and form feed stand inside lines); one CR before it is taken off. A last line
// without LF counts. A byte order mark at the beginning is dropped. Gzip is known by its first two bytes, whatever the name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace attnzoo {

// What to do with bytes that are not UTF-8.
enum class InvalidUtf8 { kError, kReplace };

// "error" or "replace", as --invalid-utf8 takes it. Throws ConfigError.
InvalidUtf8 parse_invalid_utf8(const std::string& policy);

class LineReader {
 public:
  // "-" is standard input. Throws DataError: missing, a directory, no permission.
  explicit LineReader(const std::string& file);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  // The next line's bytes; false at the end. Returns as soon as a line is there (a terminal is not waited for). Throws DataError for
  // a file that cannot be read on: truncated or corrupt gzip, UTF-16, a line of more than 64 MiB.
  bool next(std::string& line);
  // 1-based number of the line that next() gave last; 0 before the first.
  int64_t line_number() const { return line_number_; }
  // For messages: the file as given, or "standard input".
  const std::string& name() const { return name_; }

 private:
  struct Bytes;
  void start();
  bool fill();  // more bytes behind `buffer_`'s end; false at the end
  std::unique_ptr<Bytes> bytes_;
  std::string name_, buffer_;
  size_t begin_ = 0;  // of what is not handed out yet
  int64_t line_number_ = 0;
  bool started_ = false;
};

// Makes `line` valid UTF-8 or throws DataError "train.de:1042: not valid UTF-8 at byte 17; ..." (the byte counts from 1 in its line).
// Returns whether something had to be replaced.
bool require_utf8(std::string& line, InvalidUtf8 policy, const std::string& file, int64_t line_number);

// All lines of a small file (references, a test set), valid UTF-8.
std::vector<std::string> read_lines(const std::string& file, InvalidUtf8 policy = InvalidUtf8::kError);

}  // namespace attnzoo
