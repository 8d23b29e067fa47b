#include "data/importers/apt_lists.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <system_error>

#include "data/error.h"
#include "data/files.h"
#include "data/importers/external_program.h"
#include "data/text_reader.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr char kSystemLists[] = "/var/lib/apt/lists";
constexpr char kTranslation[] = "Translation-";
constexpr char kAlternative[] = "`attnzoo-data import gettext` needs no network";
constexpr int64_t kUnpackTimeout_s = 120;
// Of one index, unpacked: the largest of Debian's are below 100 MB.
constexpr size_t kMaxIndexBytes = size_t{512} << 20;

[[noreturn]] void fail_too_large(const fs::path& file) {
  fail<DataError>("{}: holds more than {} MiB of text, more than any index of a Debian archive; fetch it again", file.string(),
                  kMaxIndexBytes >> 20);
}

// A private folder for the lists, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    if (error) fail<DataError>("TMPDIR does not name a folder for temporary files: {}", error.message());
    std::string pattern = (parent / "attnzoo-apt-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) fail<DataError>("{}: cannot make a temporary folder: {}", pattern, std::strerror(errno));
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// A plain or gzip file.
std::string read_text(const fs::path& file) {
  LineReader reader(file.string());
  std::string text;
  for (std::string line; reader.next(line);) {
    text.append(line).append("\n");
    if (text.size() > kMaxIndexBytes) fail_too_large(file);
  }
  return text;
}

// Unpacked by apt's own reader where there is one (it knows every format that apt leaves on disk), else by the program of the format.
std::string unpack_with_program(const fs::path& file) {
  static const std::map<std::string, std::string> programs = {{".xz", "xz"}, {".bz2", "bzip2"}, {".lz4", "lz4"}, {".zst", "zstd"}};
  const std::string& program = programs.at(file.extension().string());
  ProgramOutput output = run_external({"/usr/lib/apt/apt-helper", "cat-file", file.string()}, false, kUnpackTimeout_s, kMaxIndexBytes);
  if (output.exit_status != 0 && !output.too_long)
    output = run_external({program, "-dc", file.string()}, false, kUnpackTimeout_s, kMaxIndexBytes);
  if (output.too_long) fail_too_large(file);
  if (output.exit_status == 127)
    fail<DataError>("{}: the program {} is needed to unpack it; install it or unpack the file", file.string(), program);
  if (output.exit_status != 0)
    fail<DataError>("{}: {} cannot unpack it (exit status {}); fetch it again", file.string(), program, output.exit_status);
  return std::move(output.text);
}

// The one of `names` that `file` holds, "" for other files.
std::string index_of(const fs::path& file, const std::vector<std::string>& names, bool& packed) {
  std::string name = file.filename().string();
  packed = false;
  for (const std::string_view extension : {".gz", ".xz", ".bz2", ".lz4", ".zst"})
    if (name.ends_with(extension)) {
      name.erase(name.size() - extension.size());
      packed = extension != ".gz";
    }
  const auto found = std::ranges::find_if(names, [&](const std::string& index) { return name.ends_with(index); });
  return found == names.end() ? std::string() : *found;
}

// The system's settings that a download needs (proxies, time limits), without its hooks and choice of languages.
std::string network_settings() {
  const ProgramOutput dump = run_external({"apt-config", "dump", "--format", "%F \"%v\";%n"}, false, 20);
  std::string kept;
  for (size_t begin = 0; begin < dump.text.size();) {
    const size_t end = std::min(dump.text.find('\n', begin), dump.text.size());
    const std::string_view line = std::string_view(dump.text).substr(begin, end - begin);
    for (const std::string_view wanted : {"Acquire::http", "Acquire::ftp", "Acquire::Check-", "Acquire::Retries", "Acquire::Proxy"})
      if (line.starts_with(wanted)) kept.append(line).append("\n");
    begin = end + 1;
  }
  return kept;
}

std::vector<std::string> languages_of(const std::vector<std::string>& names) {
  std::vector<std::string> languages;
  for (const std::string& name : names)
    if (name.starts_with(kTranslation)) languages.push_back(name.substr(std::strlen(kTranslation)));
  return languages;
}

std::string apt_configuration(const fs::path& folder, const std::vector<std::string>& names) {
  std::string text = network_settings();
  const auto set = [&](std::string_view key, const std::string& value) { text += fmt::format("{} \"{}\";\n", key, value); };
  set("Dir::State::lists", (folder / "lists/").string());
  set("Dir::Cache", (folder / "cache/").string());
  // Past the system's own settings, which would be read after these: Acquire::Languages "none" is usual in containers.
  set("Dir::Etc::parts", (folder / "empty/").string());
  set("Dir::Etc::main", (folder / "empty/none").string());
  set("Acquire::GzipIndexes", "false");
  const std::vector<std::string> languages = languages_of(names);
  if (languages.empty()) set("Acquire::Languages", "none");
  for (const std::string& language : languages) set("Acquire::Languages::", language);
  for (const char* index : {"deb-src::Sources", "deb::DEP-11", "deb::CNF"})
    set(fmt::format("Acquire::IndexTargets::{}::DefaultEnabled", index), "false");
  set("Acquire::IndexTargets::deb::Packages::DefaultEnabled", languages.size() < names.size() ? "true" : "false");
  // The folder belongs to whoever runs this; apt's own user could not write to it.
  set("APT::Sandbox::User", "root");
  return text;
}

// Every Translation-XX of the lines in the archives' InRelease files.
std::set<std::string> offered_translations(const fs::path& lists) {
  std::set<std::string> offered;
  std::error_code error;  // apt made no list then, and the set stays empty
  for (fs::directory_iterator entry(lists, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->path().filename().string().ends_with("Release")) continue;
    const std::string text = read_file(entry->path());
    for (size_t at = text.find(kTranslation); at != text.npos; at = text.find(kTranslation, at + 1))
      offered.insert(text.substr(at, text.find_first_of(".\r\n ", at) - at));
  }
  return offered;
}

// The first warning or error in apt-get's output: later ones only follow from it.
std::string complaint(std::string_view text) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.starts_with("W: ") || line.starts_with("E: ")) return squeeze_spaces(line.substr(3));
    begin = end + 1;
  }
  return "no message";
}

std::vector<std::string> missing_of(const std::vector<std::string>& names, const IndexTexts& texts) {
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (!texts.contains(name)) missing.push_back(name);
  return missing;
}

IndexTexts download_indexes(const std::vector<std::string>& names, int64_t timeout_s, const ImportLog& log) {
  const TemporaryFolder folder;
  for (const char* name : {"lists/partial", "cache/archives/partial", "empty"}) {
    std::error_code error;
    fs::create_directories(folder.path() / name, error);
    if (error) fail<DataError>("{}: the folder cannot be made: {}", (folder.path() / name).string(), error.message());
  }
  write_file(folder.path() / "apt.conf", apt_configuration(folder.path(), names));

  const auto size_of = [](const std::string& name) {
    if (name == kPackagesIndex) return name + " (about 9 MB)";
    return name + (name == translation_index("en") ? " (about 6 MB)" : " (up to 2 MB)");
  };
  std::vector<std::string> shown;
  std::ranges::transform(names, std::back_inserter(shown), size_of);
  log(fmt::format("downloading {} of this machine's Debian archives ...", fmt::join(shown, " and ")));
  const std::string variable = "APT_CONFIG=" + (folder.path() / "apt.conf").string();
  const ProgramOutput update = run_external({"env", variable, "LC_ALL=C", "apt-get", "update"}, true, timeout_s);
  const std::set<std::string> offered = offered_translations(folder.path() / "lists");
  if (update.exit_status == 127)
    fail<DataError>("this machine has no apt-get, so no Debian archive is known; {}, or pass --from DIR", kAlternative);
  if (update.timed_out)
    fail<DataError>("the Debian archive did not answer within {} s; try again, or pass --from DIR; {}", timeout_s, kAlternative);
  if (offered.empty()) fail<DataError>("no Debian archive could be reached (apt-get update: {}); {}", complaint(update.text), kAlternative);

  IndexTexts texts = read_indexes(folder.path() / "lists", names);
  for (const std::string& name : missing_of(names, texts)) {
    if (name == kPackagesIndex || offered.contains(name))
      fail<DataError>("{} could not be downloaded (apt-get update: {}); try again; {}", name, complaint(update.text), kAlternative);
    fail<DataError>("the Debian archives of this machine have no {}; they have {}", name,
                    fmt::join(languages_of({offered.begin(), offered.end()}), ", "));
  }
  return texts;
}

}  // namespace

std::string translation_index(const std::string& language) { return kTranslation + language; }

IndexTexts read_indexes(const fs::path& folder, const std::vector<std::string>& names) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) files.push_back(entry->path());
  if (error)
    fail<DataError>("{}: cannot be listed: {}; a folder with {} files is needed", folder.string(), error.message(),
                    fmt::join(names, " and "));
  std::ranges::sort(files);  // the order of a folder is not the same everywhere
  IndexTexts texts;
  for (const fs::path& file : files) {
    bool packed = false;
    const std::string name = index_of(file, names, packed);
    if (!name.empty()) texts[name].push_back(packed ? unpack_with_program(file) : read_text(file));
  }
  return texts;
}

IndexTexts fetch_indexes(const std::vector<std::string>& names, int64_t timeout_s, const ImportLog& log) {
  std::error_code error;
  IndexTexts texts;
  if (fs::is_directory(kSystemLists, error)) texts = read_indexes(kSystemLists, names);
  for (const auto& [name, files] : texts) log(fmt::format("reading the {} files in {}", name, kSystemLists));
  if (const std::vector<std::string> missing = missing_of(names, texts); !missing.empty())
    texts.merge(download_indexes(missing, timeout_s, log));
  return texts;
}

}  // namespace attnzoo
