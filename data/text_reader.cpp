#include "data/text_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "data/error.h"
#include "data/stop_signal.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 18;
constexpr size_t kMaxLineBytes = size_t{64} << 20;

}  // namespace

// The bytes of a file, decompressed when they are gzip.
struct LineReader::Bytes {
  std::string name;
  int handle = -1;
  bool ended = false;
  bool gzip = false, in_member = false;
  z_stream inflater{};
  std::string compressed;  // read, not yet inflated: from inflater.next_in

  ~Bytes() {
    if (gzip) inflateEnd(&inflater);
    if (handle > STDIN_FILENO) ::close(handle);
  }

  // Appends what one read(2) gives; false at the end.
  bool read_raw(std::string& out) {
    if (ended) return false;
    const size_t old_size = out.size();
    out.resize(old_size + kChunkBytes);
    const EndableRead endable(handle);
    ssize_t num_read;
    do {
      num_read = ::read(handle, out.data() + old_size, kChunkBytes);
    } while (num_read < 0 && errno == EINTR);
    out.resize(old_size + static_cast<size_t>(std::max<ssize_t>(num_read, 0)));
    if (num_read < 0) fail<DataError>("{}: cannot be read: {}", name, std::strerror(errno));
    ended = num_read == 0;
    return !ended;
  }

  // From now on the bytes, `first` before all others, are inflated.
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
        // Several gzip files one after the other are one; zeros after the last are padding.
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
    return out.size() > old_size;
  }
};

InvalidUtf8 parse_invalid_utf8(const std::string& policy) {
  if (policy == "error") return InvalidUtf8::kError;
  if (policy == "replace") return InvalidUtf8::kReplace;
  fail<ConfigError>("--invalid-utf8: unknown value '{}'; accepted: error, replace", policy);
}

LineReader::LineReader(const std::string& file) : bytes_(std::make_unique<Bytes>()), name_(file == "-" ? "standard input" : file) {
  bytes_->name = name_;
  if (file == "-") {
    bytes_->handle = STDIN_FILENO;
    return;
  }
  bytes_->handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (bytes_->handle < 0) {
    const int error = errno;
    if (error != ENOENT && error != ENOTDIR) fail<DataError>("{}: cannot be read: {}", file, std::strerror(error));
    std::error_code ignored;
    const auto here = std::filesystem::current_path(ignored);
    if (std::filesystem::path(file).is_relative()) fail<DataError>("{}: no such file (looked for in {})", file, here.string());
    fail<DataError>("{}: no such file", file);
  }
  struct stat status {};
  if (fstat(bytes_->handle, &status) == 0 && S_ISDIR(status.st_mode)) fail<DataError>("{}: is a directory; a file is needed", file);
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  return bytes_->gzip ? bytes_->read_gzip(buffer_) : bytes_->read_raw(buffer_);
}

// Looks at the first bytes; waits for more of them only when those at hand may begin a mark.
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
