// A path as a configuration stores it.
#pragma once

#include <filesystem>
#include <string>

namespace attnzoo {

// Absolute, taken from `relative_to` (the working folder when empty), without "." and ".."; "" and "-" (standard input) stay as they are.
// Throws ConfigError, with `field` as its place, when the path is not UTF-8, which JSON cannot hold.
std::string stored_path(const std::string& file, const std::filesystem::path& relative_to, const std::string& field);

}  // namespace attnzoo
