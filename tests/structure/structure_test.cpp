// The rules of DESIGN.md that a compiler does not check: the folder chain, sizes, names, READMEs. Every failure names the file.
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "data/files.h"

#include "tests/catch.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = ATTNZOO_SOURCE_DIR;

// What each folder may include: itself and the folders to its left.
const std::map<std::string, std::set<std::string>> kChain = {{"data", {"data"}},
                                                             {"models", {"data", "models"}},
                                                             {"eval", {"data", "models", "eval"}},
                                                             {"train", {"data", "models", "eval", "train"}},
                                                             {"tests", {"data", "models", "eval", "train", "tests"}},
                                                             {"cmake", {}}};

constexpr int64_t kMaxSourceLines = 400;
constexpr int64_t kMaxHeaderLines = 200;
constexpr int64_t kMaxReadmeLines = 120;  // with the tables of all recipe fields

bool is_header(const fs::path& file) { return file.extension() == ".h"; }

std::string shown(const fs::path& file) { return file.lexically_relative(kRoot).string(); }

std::vector<fs::path> sources() {
  std::vector<fs::path> files;
  for (const auto& [folder, allowed] : kChain)
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
      if (is_header(entry.path()) || entry.path().extension() == ".cpp") files.push_back(entry.path());
  return files;
}

int64_t num_lines(const std::string& text) { return std::ranges::count(text, '\n'); }

// The paths of all #include "..." lines of a text.
std::vector<std::string> quoted_includes(const std::string& text) {
  static const std::regex pattern("(^|\n)[ \t]*#[ \t]*include[ \t]*\"([^\"]+)\"");
  std::vector<std::string> paths;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) paths.push_back((*match)[2]);
  return paths;
}

}  // namespace

TEST_CASE("the include lines of a text are found") {
  CHECK(quoted_includes("#include \"data/a.h\"\n#include <vector>\n  #  include \"models/b.h\"  // why\n// #include \"c.h\"\n") ==
        std::vector<std::string>{"data/a.h", "models/b.h"});
}

TEST_CASE("a folder includes only itself and the folders to its left, by paths from the root") {
  const std::vector<fs::path> files = sources();
  REQUIRE(files.size() > 10);
  for (const fs::path& file : files) {
    const std::set<std::string>& allowed = kChain.at(file.lexically_relative(kRoot).begin()->string());
    for (const std::string& path : quoted_includes(read_file(file))) {
      INFO(shown(file) << " includes \"" << path << "\"");
      CHECK(allowed.contains(fs::path(path).begin()->string()));
      CHECK(fs::exists(kRoot / path));
    }
  }
}

TEST_CASE("nothing includes the whole of torch, which costs a minute per file") {
  for (const fs::path& file : sources()) {
    INFO(shown(file));
    CHECK(read_file(file).find("#include <torch/"
                               "torch.h>") == std::string::npos);
  }
}

TEST_CASE("loops go through data/parallel.h, which knows whether they spread over threads") {
  for (const fs::path& file : sources()) {
    if (shown(file) == "data/parallel.h") continue;
    INFO(shown(file));
    CHECK(read_file(file).find("at::parallel"
                               "_for") == std::string::npos);
  }
}

TEST_CASE("the top level has only the folders of the chain") {
  const std::set<std::string> generated = {"build", "runs"};  // ignored by git
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || name.starts_with('.') || generated.contains(name)) continue;
    INFO(name << " is not a folder of DESIGN.md");
    CHECK(kChain.contains(name));
  }
}

TEST_CASE("a file holds one concept: sources stay under 400 lines, headers under 200") {
  for (const fs::path& file : sources()) {
    INFO(shown(file) << ": ask which two things it is");
    CHECK(num_lines(read_file(file)) < (is_header(file) ? kMaxHeaderLines : kMaxSourceLines));
  }
}

TEST_CASE("no file or folder has a name for leftovers") {
  const std::set<std::string> forbidden = {"util", "utils", "helper", "helpers", "common", "misc"};
  for (const auto& [folder, allowed] : kChain)
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      INFO(shown(entry.path()) << ": name it after what it is");
      CHECK_FALSE(forbidden.contains(entry.path().stem().string()));
    }
}

TEST_CASE("every header has a guard, and every source is ASCII") {
  for (const fs::path& file : sources()) {
    const std::string text = read_file(file);
    INFO(shown(file));
    if (is_header(file)) CHECK(text.find("#pragma once\n") != std::string::npos);
    CHECK(std::ranges::all_of(text, [](unsigned char byte) { return byte < 0x80; }));
  }
}

TEST_CASE("every folder has a short README") {
  for (const auto& [folder, allowed] : kChain) {
    const fs::path readme = kRoot / folder / "README.md";
    INFO(shown(readme));
    REQUIRE(fs::exists(readme));
    CHECK(num_lines(read_file(readme)) <= kMaxReadmeLines);
  }
}

}  // namespace attnzoo
