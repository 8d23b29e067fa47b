#include "data/output_name.h"

#include <mutex>
#include <set>

#include "data/error.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

std::mutex output_names_mutex;
std::set<std::string>& output_names() {
  static auto* names = new std::set<std::string>;  // outlives every file
  return *names;
}

std::string full_name(const fs::path& name) {
  std::error_code ignored;
  const auto absolute = fs::absolute(name, ignored);
  return (fs::weakly_canonical(absolute.parent_path(), ignored) / absolute.filename()).string();
}

bool lies_in(const std::string& name, const std::string& folder) { return name.starts_with(folder + "/"); }

}  // namespace

OutputName::OutputName(const fs::path& name) : full_name_(full_name(name)) {
  const std::lock_guard lock(output_names_mutex);
  for (const auto& other : output_names()) {
    if (other == full_name_) fail<ConfigError>("{}: two outputs have this name; give each a name of its own", name.string());
    const bool inside = lies_in(full_name_, other);
    if (inside || lies_in(other, full_name_))
      fail<ConfigError>("{}: {} {}, another output; a folder that is written as a whole holds nothing else: choose another place",
                        name.string(), inside ? "lies in" : "is a folder around", other);
  }
  output_names().insert(full_name_);
}

OutputName::~OutputName() {
  const std::lock_guard lock(output_names_mutex);
  output_names().erase(full_name_);
}

}  // namespace attnzoo
