#include "data/text_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "data/error.h"
#include "data/stop_signal.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr size_t kMaxLineBytes = size_t{64} << 20;
// Text shrinks by 3 to 20 times; gzip reaches 1032 times on what is all the same.
constexpr uint64_t kMaxGzipRatio = 500, kMinBombBytes = uint64_t{64} << 20;

std::string shown_name(const std::string& file) { return file == "-" ? "standard input" : file; }

bool is_null_device(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3); }

bool stat_input(const std::string& file, struct stat& status) {
  return (file == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(file.c_str(), &status)) == 0;
}

bool vanishes_when_read(const struct stat& status) {
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || (S_ISCHR(status.st_mode) && !is_null_device(status));
}

}  // namespace

TextFile::TextFile(const std::string& file, const std::string& name) {
  if (file == "-") {
    handle_ = STDIN_FILENO;
    return;
  }
  handle_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (handle_ < 0) {
    const int error = errno;
    if (error != ENOENT && error != ENOTDIR) fail<DataError>("{}: cannot be read: {}", name, std::strerror(error));
    std::error_code ignored;
    const auto here = std::filesystem::current_path(ignored);
    if (std::filesystem::path(file).is_relative()) fail<DataError>("{}: no such file (looked for in {})", name, here.string());
    fail<DataError>("{}: no such file", name);
  }
  struct stat status {};
  const bool known = ::fstat(handle_, &status) == 0;
  const bool device = known && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) && !is_null_device(status) && ::isatty(handle_) == 0;
  if (!device && !(known && S_ISDIR(status.st_mode))) return;
  ::close(handle_);
  fail<DataError>("{}: is a {}; a file is needed", name, device ? "device" : "directory");
}

TextFile::~TextFile() {
  if (handle_ > STDIN_FILENO) ::close(handle_);
}

bool can_be_read_only_once(const std::string& file) {
  struct stat status {};
  return file == "-" || (stat_input(file, status) && vanishes_when_read(status));
}

void require_distinct_inputs(const std::vector<std::string>& files) {
  std::set<std::pair<dev_t, ino_t>> seen;
  bool standard_input = false;
  for (const std::string& file : files) {
    struct stat status {};
    const bool known = stat_input(file, status);
    const bool again = known && vanishes_when_read(status) && !seen.emplace(status.st_dev, status.st_ino).second;
    if (file == "-" && (again || standard_input))
      fail<ConfigError>("standard input ('-') can be read only once, but is named twice; give a file instead");
    if (again) fail<ConfigError>("{}: is a pipe or terminal, which can be read only once, but is named twice; give a file instead", file);
    standard_input |= file == "-";
  }
}

// The bytes of a file, decompressed when they are gzip.
struct LineReader::Bytes {
  Bytes(const std::string& path, const std::string& shown) : name(shown), file(path, shown) {}
  ~Bytes() {
    if (gzip) inflateEnd(&inflater);
  }

  std::string name;
  TextFile file;
  bool ended = false;
  bool gzip = false, in_member = false;
  z_stream inflater{};
  std::string compressed;  // read, not yet inflated: from inflater.next_in
  uint64_t num_read_bytes = 0, num_inflated_bytes = 0;

  // Appends what one read(2) gives; false at the end.
  bool read_raw(std::string& out) {
    if (ended) return false;
    const size_t old_size = out.size();
    out.resize(old_size + kChunkBytes);
    const EndableRead endable(file.handle());
    ssize_t num_read;
    do {
      num_read = ::read(file.handle(), out.data() + old_size, kChunkBytes);
    } while (num_read < 0 && errno == EINTR);
    out.resize(old_size + static_cast<size_t>(std::max<ssize_t>(num_read, 0)));
    if (num_read < 0) fail<DataError>("{}: cannot be read: {}", name, std::strerror(errno));
    ended = num_read == 0;
    num_read_bytes += static_cast<uint64_t>(num_read);
    return !ended;
  }

  // From now on the bytes are inflated, beginning with `first`.
  void start_gzip(std::string first) {
    compressed = std::move(first);
    inflater.next_in = reinterpret_cast<Bytef*>(compressed.data());
    inflater.avail_in = static_cast<uInt>(compressed.size());
    if (inflateInit2(&inflater, 15 + 16) != Z_OK) throw std::bad_alloc();
    gzip = in_member = true;
  }

  bool read_gzip(std::string& out) {
    const size_t old_size = out.size();
    out.resize(old_size + kChunkBytes);
    inflater.next_out = reinterpret_cast<Bytef*>(out.data() + old_size);
    inflater.avail_out = static_cast<uInt>(kChunkBytes);
    while (inflater.avail_out == kChunkBytes) {
      if (inflater.avail_in == 0) {
        compressed.clear();
        if (!read_raw(compressed)) {
          if (in_member) fail<DataError>("{}: the gzip file is truncated; fetch or make it again", name);
          break;
        }
        inflater.next_in = reinterpret_cast<Bytef*>(compressed.data());
        inflater.avail_in = static_cast<uInt>(compressed.size());
      }
      if (!in_member) {
        // Concatenated gzip files are one file; zeros after the last one are padding.
        while (inflater.avail_in > 0 && *inflater.next_in == 0) ++inflater.next_in, --inflater.avail_in;
        if (inflater.avail_in == 0) continue;
        inflateReset(&inflater);
        in_member = true;
      }
      const int status = inflate(&inflater, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        in_member = false;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        fail<DataError>("{}: the gzip file is corrupt ({}); fetch or make it again", name,
                        inflater.msg != nullptr ? inflater.msg : "invalid data");
      }
    }
    out.resize(old_size + kChunkBytes - inflater.avail_out);
    num_inflated_bytes += out.size() - old_size;
    if (num_inflated_bytes > kMinBombBytes && num_inflated_bytes / kMaxGzipRatio > num_read_bytes) {
      fail<DataError>(
          "{}: {} bytes of gzip inflate to more than {}, over {} times as many, which no text does; if this is intended, unpack the file "
          "first",
          name, num_read_bytes, num_inflated_bytes, kMaxGzipRatio);
    }
    return out.size() > old_size;
  }
};

InvalidUtf8 parse_invalid_utf8(const std::string& policy) {
  if (policy == "error") return InvalidUtf8::kError;
  if (policy == "replace") return InvalidUtf8::kReplace;
  fail<ConfigError>("--invalid-utf8: unknown value '{}'; accepted: error, replace", policy);
}

LineReader::LineReader(const std::string& file, const std::string& name) : name_(name.empty() ? shown_name(file) : name) {
  bytes_ = std::make_unique<Bytes>(file, name_);
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  return bytes_->gzip ? bytes_->read_gzip(buffer_) : bytes_->read_raw(buffer_);
}

// Looks at the first bytes; waits for more of them only while those at hand may be the beginning of a mark.
void LineReader::start() {
  started_ = true;
  const auto begins_with = [&](std::string_view mark) {
    while (buffer_.size() < mark.size() && std::string_view(mark).substr(0, buffer_.size()) == buffer_ && fill()) {
    }
    return std::string_view(buffer_).substr(0, mark.size()) == mark;
  };
  if (begins_with("\x1F\x8B")) {
    bytes_->start_gzip(std::move(buffer_));
    buffer_.clear();
  }
  if (begins_with("\xEF\xBB\xBF")) begin_ = 3;
  if (begins_with("\xFF\xFE") || begins_with("\xFE\xFF"))
    fail<DataError>("{}: is UTF-16, not UTF-8; convert it with: iconv -f UTF-16 -t UTF-8", name_);
}

bool LineReader::next(std::string& line) {
  if (!started_) start();
  size_t searched = 0;  // bytes from begin_ known to hold no LF
  size_t end;
  while ((end = buffer_.find('\n', begin_ + searched)) == std::string::npos) {
    searched = buffer_.size() - begin_;
    if (searched > kMaxLineBytes) fail<DataError>("{}:{}: a line of more than 64 MiB; is this a text file?", name_, line_number_ + 1);
    if (fill()) continue;
    if (searched == 0) return false;
    end = buffer_.size();
    break;
  }
  const bool has_line_feed = end < buffer_.size();
  size_t length = end - begin_;
  if (length > 0 && buffer_[end - 1] == '\r') --length;
  line.assign(buffer_, begin_, length);
  begin_ = end + (has_line_feed ? 1 : 0);
  ++line_number_;
  return true;
}

bool require_utf8(std::string& line, InvalidUtf8 policy, const std::string& file, int64_t line_number) {
  const size_t offset = find_invalid_utf8(line);
  if (offset == std::string_view::npos) return false;
  if (policy == InvalidUtf8::kError) {
    fail<DataError>(
        "{}:{}: not valid UTF-8 at byte {}; convert the file, or accept it with --invalid-utf8 replace (in a recipe: "
        "data.clean.invalid_utf8)",
        file, line_number, offset + 1);
  }
  line = replace_invalid_utf8(line);
  return true;
}

std::vector<std::string> read_lines(const std::string& file, InvalidUtf8 policy) {
  LineReader reader(file);
  std::vector<std::string> lines;
  std::string line;
  while (reader.next(line)) {
    require_utf8(line, policy, reader.name(), reader.line_number());
    lines.push_back(line);
  }
  return lines;
}

}  // namespace attnzoo
