#include "data/spooled_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "data/error.h"
#include "data/stop_signal.h"

namespace attnzoo {
namespace {

int open_nameless_file(const std::filesystem::path& folder) {
  int handle = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (handle >= 0) return handle;
  std::string name = (folder / "input-XXXXXX").string();  // a file system without such files
  handle = ::mkostemp(name.data(), O_CLOEXEC);
  if (handle < 0) fail<DataError>("{}: cannot be written: {}", folder.string(), std::strerror(errno));
  ::unlink(name.c_str());
  return handle;
}

void copy_all(int from, int to, const std::string& name, const std::filesystem::path& folder) {
  std::string buffer(size_t{1} << 18, '\0');
  while (true) {
    const EndableRead endable(from);
    const ssize_t num_read = ::read(from, buffer.data(), buffer.size());
    if (num_read < 0 && errno == EINTR) continue;
    if (num_read < 0) fail<DataError>("{}: cannot be read: {}", name, std::strerror(errno));
    if (num_read == 0) return;
    for (ssize_t num_written = 0; num_written < num_read;) {
      const ssize_t more = ::write(to, buffer.data() + num_written, static_cast<size_t>(num_read - num_written));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0)
        fail<DataError>("{}: cannot be copied into {}: {}; free some space there or give a file", name, folder.string(),
                        std::strerror(errno));
      num_written += more;
    }
  }
}

}  // namespace

SpooledInput::SpooledInput(const std::vector<SourceConfig*>& texts, const std::filesystem::path& folder,
                           const std::function<void(const std::string&)>& log)
    : SpooledInput() {  // so that the destructor runs, and closes the copies, when one of them fails
  FileList all;
  for (const SourceConfig* text : texts) {
    const FileList files = text->files();
    all.insert(all.end(), files.begin(), files.end());
  }
  require_distinct_inputs(all);
  for (SourceConfig* text : texts) {
    text->replace_files([&](const std::string&, const std::string& file) {
      if (!can_be_read_only_once(file)) return file;
      const std::string name = text->name_of(file);
      if (log) log(name + ": copied to a temporary file, since it can be read only once");
      const TextFile in(file, name);
      copies_.push_back(open_nameless_file(folder));
      copy_all(in.handle(), copies_.back(), name, folder);
      const std::string copy = "/proc/self/fd/" + std::to_string(copies_.back());
      text->shown_as[copy] = name;
      return copy;
    });
  }
}

SpooledInput::~SpooledInput() {
  for (const int copy : copies_) ::close(copy);
}

}  // namespace attnzoo
