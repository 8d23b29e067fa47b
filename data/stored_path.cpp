#include "data/stored_path.h"

#include "data/error.h"
#include "data/json_fields.h"

namespace attnzoo {

std::string stored_path(const std::string& file, const std::filesystem::path& relative_to, const std::string& field) {
  if (file.empty() || file == "-") return file;
  std::error_code error;
  const auto absolute = std::filesystem::absolute(relative_to / file, error);
  if (error) fail<ConfigError>("{}: '{}' is relative to the working folder, which cannot be found: {}", field, file, error.message());
  const std::string path = absolute.lexically_normal().string();
  require_utf8_setting(field, path);
  return path;
}

}  // namespace attnzoo
