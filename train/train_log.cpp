#include "train/train_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {
namespace {

// The step of a line; -1 for one that is half-written or not of this log.
int64_t step_of_line(std::string_view line) {
  try {
    const auto entry = parse_json(line, "");
    if (entry.is_object() && entry.contains("step") && entry["step"].is_number_integer()) return entry["step"].get<int64_t>();
  } catch (const Error&) {
  }
  return -1;
}

// Rewrites the log with the lines up to `step`.
void cut_after(const std::filesystem::path& file, int64_t step) {
  struct FreeLine {
    char* bytes = nullptr;
    ~FreeLine() { std::free(bytes); }
  } line;
  size_t capacity = 0;
  const Stream in = open_regular_file(file, Links::kRefuse);
  AtomicFile out(file, Links::kRefuse);
  for (ssize_t size; (size = ::getline(&line.bytes, &capacity, in.get())) > 0;) {
    const std::string_view text(line.bytes, static_cast<size_t>(size));
    const int64_t step_here = text.ends_with('\n') ? step_of_line(text) : -1;
    if (step_here >= 0 && step_here <= step) out.write(text);
  }
  out.commit();
}

}  // namespace

TrainLog::TrainLog(std::filesystem::path file, int64_t step) : file_(std::move(file)) {
  std::error_code ignored;
  if (step > 0 && std::filesystem::exists(std::filesystem::symlink_status(file_, ignored))) cut_after(file_, step);
  // A new log begins as a new file, so that what a link or a pipe of that name leads to is never written.
  if (step == 0) write_file(file_, "", Links::kRefuse);
  const int handle = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (handle < 0) fail_to_write(file_, errno);
  stream_.reset(::fdopen(handle, "ab"));
}

void TrainLog::write(const nlohmann::json& entry) {
  const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), stream_.get()) != line.size() || std::fflush(stream_.get()) != 0)
    fail_to_write(file_, errno);
}

}  // namespace attnzoo
