// Lines of text from a plain file, a gzip file or standard input, read as a stream.
//
// A line ends at LF and nowhere else (U+2028, vertical tab and form feed are part of a line); one CR before it is removed. A last line
// without LF counts. A byte order mark at the beginning is dropped. Gzip is recognised by its first two bytes, whatever the name.
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

// An open file of text, or standard input for "-". Throws DataError: missing, a directory, no permission, a device such as /dev/zero.
class TextFile {
 public:
  // `name` is what messages call it.
  TextFile(const std::string& file, const std::string& name);
  ~TextFile();
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  int handle() const { return handle_; }

 private:
  int handle_ = -1;
};

// Whether `file` is standard input, a pipe or a terminal, whose bytes are gone once they have been read. A file that is missing is not.
bool can_be_read_only_once(const std::string& file);
// Throws ConfigError when such an input is named twice in `files`.
void require_distinct_inputs(const std::vector<std::string>& files);

class LineReader {
 public:
  // "-" is standard input. `name` is what messages call the file, its path unless given. Throws DataError as TextFile does.
  explicit LineReader(const std::string& file, const std::string& name = "");
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  // The next line's bytes; false at the end. Returns as soon as a line has arrived, so that a terminal can be read. Throws DataError for
  // a file that cannot be read on: truncated or corrupt gzip, gzip that inflates 500 times (beyond 64 MiB), UTF-16, a line of more than 64
  // MiB.
  bool next(std::string& line);
  // 1-based number of the line that next() returned last; 0 before the first.
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

// Makes `line` valid UTF-8 or throws DataError "train.de:1042: not valid UTF-8 at byte 17; ..." (counted from 1 in its line).
// Returns whether anything was replaced.
bool require_utf8(std::string& line, InvalidUtf8 policy, const std::string& file, int64_t line_number);

// All lines of a small file (references, a test set), valid UTF-8.
std::vector<std::string> read_lines(const std::string& file, InvalidUtf8 policy = InvalidUtf8::kError);

}  // namespace attnzoo
