#include "data/atomic_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

// The folder's own name: "out/" and "out/." are "out", ".." has to be looked up.
fs::path own_name(fs::path directory) {
  while (!directory.empty() && (!directory.has_filename() || directory.filename() == ".") && directory != directory.root_path())
    directory = directory.parent_path();
  std::error_code error;
  if (!directory.empty() && directory.filename() != "..") return directory;
  return fs::canonical(directory.empty() ? "." : directory, error);
}

bool is_working_folder_or_above(const fs::path& directory) {
  std::error_code error;
  for (fs::path part = fs::current_path(error); !error && !part.empty(); part = part.parent_path()) {
    if (fs::equivalent(part, directory, error)) return true;
    if (part == part.root_path()) break;
  }
  return false;
}

// Entries of an existing folder: those that the writer made, and all others.
struct Entries {
  std::vector<std::string> own, others;
};

Entries entries_of(const fs::path& directory, const Replaceable& replaceable) {
  Entries entries;
  const auto names = names_in(directory);
  if (names.empty()) return entries;
  const auto own = replaceable.own_files ? replaceable.own_files(directory) : std::vector<std::string>{};
  for (const std::string& name : names) (std::ranges::find(own, name) != own.end() ? entries.own : entries.others).push_back(name);
  return entries;
}

bool move_without_replacing(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  std::error_code error;
  const bool unsupported = errno == EINVAL || errno == ENOSYS;
  return unsupported && !fs::exists(fs::symlink_status(to, error)) && std::rename(from.c_str(), to.c_str()) == 0;
}

bool exchange(const fs::path& first, const fs::path& second) {
  return ::renameat2(AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str(), RENAME_EXCHANGE) == 0;
}

// For file systems that cannot exchange two names: there is a moment without `directory`, and it comes back when the second step fails.
bool exchange_in_steps(const fs::path& made, const fs::path& directory) {
  const fs::path aside = new_temporary_name(directory.parent_path());
  if (std::rename(directory.c_str(), aside.c_str()) != 0) return false;
  if (std::rename(made.c_str(), directory.c_str()) != 0) {
    const int error = errno;
    std::rename(aside.c_str(), directory.c_str());
    errno = error;
    return false;
  }
  return std::rename(aside.c_str(), made.c_str()) == 0;
}

}  // namespace

void AtomicDirectory::check(const fs::path& given, const Replaceable& replaceable) {
  const fs::path directory = own_name(given);
  std::error_code error;
  const auto status = fs::symlink_status(directory, error);
  if (!fs::exists(status)) return;
  const std::string name = directory.string();
  if (fs::is_symlink(status)) fail<ConfigError>("{}: is a symbolic link, which is not replaced; name the folder itself or a new one", name);
  if (!fs::is_directory(status)) fail<ConfigError>("{}: is a file; the name of a new folder is needed", name);
  if (is_working_folder_or_above(directory))
    fail<ConfigError>("{}: is the working folder or one above it, which is not replaced; name a new folder", name);
  fs::directory_iterator readable(directory, error);
  if (error) fail<ConfigError>("{}: already exists and cannot be read: {}; name a new folder", name, error.message());
  const Entries entries = entries_of(directory, replaceable);
  if (entries.others.empty() || replaceable.keep_others) return;
  fail<ConfigError>("{}: is neither empty nor an unchanged export of this kind (it holds {}); name a new folder", name,
                    entries.others.front());
}

AtomicDirectory::AtomicDirectory(fs::path directory, Replaceable replaceable, Parents parents)
    : directory_(own_name(directory)), name_(directory_), replaceable_(std::move(replaceable)) {
  check(directory_, replaceable_);
  std::error_code ignored;
  if (const auto parent = directory_.parent_path(); parents == Parents::kNeeded && !parent.empty() && !fs::is_directory(parent, ignored))
    fail<DataError>("{}: cannot be written: the folder {} does not exist", directory_.string(), parent.string());
  try {
    made_folders_ = std::make_unique<MadeFolders>(directory_.parent_path());
    temporary_ = std::make_unique<TemporaryPath>(directory_.parent_path(), TemporaryPath::Kind::kDirectory);
  } catch (const std::system_error& error) {
    fail_to_write(directory_, error.code().value());
  }
}

AtomicDirectory::~AtomicDirectory() = default;

void AtomicDirectory::commit() {
  check(directory_, replaceable_);
  sync_directory(path());
  std::error_code error;
  if (fs::exists(fs::symlink_status(directory_, error))) {
    replace(entries_of(directory_, replaceable_).own);
  } else {
    if (std::rename(path().c_str(), directory_.c_str()) != 0) fail_to_write(directory_, errno);
    temporary_->release();
  }
  sync_directory(directory_.parent_path());
}

// `names`: the files of the old folder that go.
void AtomicDirectory::replace(const std::vector<std::string>& names) {
  const fs::path made = path();
  std::error_code ignored;
  fs::permissions(made, fs::status(directory_, ignored).permissions(), ignored);  // a private folder stays private
  if (!exchange(made, directory_)) {
    if (errno != EINVAL && errno != ENOSYS) fail_to_write(directory_, errno);
    if (!exchange_in_steps(made, directory_)) fail_to_write(directory_, errno);
  }
  temporary_->release();  // `made` is now the old folder, in which only some files are ours
  for (const std::string& name : names) ::unlink((made / name).c_str());
  for (const std::string& name : names_in(made)) move_without_replacing(made / name, directory_ / name);
  if (::rmdir(made.c_str()) != 0)
    fail<DataError>("{}: was replaced, and files of the old folder that this program did not write are now in {}", directory_.string(),
                    made.string());
}

}  // namespace attnzoo
