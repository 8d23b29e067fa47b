#include "train/train_log.h"

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

// The lines up to `step`; a half-written last line is dropped too.
std::string lines_up_to(const std::string& content, int64_t step) {
  std::istringstream in(content);
  std::string kept, line;
  while (std::getline(in, line)) {
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_object() && entry.contains("step") && entry["step"].is_number_integer() && entry["step"].get<int64_t>() <= step)
      kept += line + "\n";
  }
  return kept;
}

}  // namespace

TrainLog::TrainLog(std::filesystem::path file, int64_t step) : file_(std::move(file)) {
  std::error_code ignored;
  if (step > 0 && std::filesystem::exists(file_, ignored)) write_file(file_, lines_up_to(read_file(file_), step));
  stream_ = std::fopen(file_.c_str(), step > 0 ? "ab" : "wb");
  if (stream_ == nullptr) fail<DataError>("{}: cannot be written: {}", file_.string(), std::strerror(errno));
}

TrainLog::~TrainLog() { std::fclose(stream_); }

void TrainLog::write(const nlohmann::json& entry) {
  const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (std::fwrite(line.data(), 1, line.size(), stream_) != line.size() || std::fflush(stream_) != 0)
    fail<DataError>("{}: cannot be written: {}", file_.string(), std::strerror(errno));
}

}  // namespace attnzoo
