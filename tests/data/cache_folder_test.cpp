#include "data/cache_folder.h"

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

std::string cache_problem(const fs::path& cache) {
  try {
    refuse_cache_of_others(cache);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a cache with files of the user's under the names of prepared ones is refused, a damaged one of attnzoo's is not") {
  const TemporaryDirectory folder;
  for (const char* name : {"source.tokenizer", "target.tokenizer", "train.corpus", "valid.corpus"}) {
    const auto file = folder.file(name, "my own");
    CHECK(cache_problem(folder.path()) ==
          file + ": was not made by attnzoo, and prepared data would replace it; choose another folder with data.cache, or move it away");
    fs::remove(file);
  }
  folder.file("prepared.json", "{\"recipe\": \"cake\"}");
  CHECK_THAT(cache_problem(folder.path()), ContainsSubstring("prepared.json: was not made by attnzoo"));
  folder.file("prepared.json", "{\"tokenizer\": {\"dig");
  folder.file("train.corpus", "ATZCO");
  folder.file("source.tokenizer", "{\"attnzoo_tokenizer\":1,\"kind\":\"words\"");
  folder.file("thesis.txt", "mine");
  CHECK(cache_problem(folder.path()).empty());
  folder.file("train.corpus", "damaged from the first byte on");
  CHECK_THAT(cache_problem(folder.path()), ContainsSubstring("train.corpus: was not made by attnzoo"));
  folder.file("train.corpus", "ATZCO");
  for (const char* mine : {"prepared on Monday", "{\"train\": {}}", "{\"train\":\"a.txt\"}", "", "{\"source\":1}\n{\"source\":2}\n"}) {
    folder.file("prepared.json", mine);
    CHECK_THAT(cache_problem(folder.path()), ContainsSubstring("prepared.json: was not made by attnzoo"));
  }
  folder.file("prepared.json", "{\"train\": {\"digest\": \"0\"}}");
  CHECK(cache_problem(folder.path()).empty());
  for (const char* mine : {"{\"jogging\":[5]}", "{\"runs\":[\"my jogging\"]}", "{\"runs\":[],\"k\":1}"}) {
    folder.file("runs.json", mine);
    CHECK_THAT(cache_problem(folder.path()), ContainsSubstring("runs.json: was not made by attnzoo"));
  }
  folder.file("runs.json", "{\"runs\":[\"/home/me/run\"]}");
  CHECK(cache_problem(folder.path()).empty());
}

TEST_CASE("a cache remembers the runs that it was given to, under whatever name they are reached, and nothing is written through a link") {
  const TemporaryDirectory folder;
  fs::create_directories(folder / "cache");
  fs::create_directories(folder / "run");
  fs::create_directory_symlink("run", folder / "link");
  CHECK_FALSE(knows_run(folder / "cache", folder / "run"));
  remember_run(folder / "cache", folder / "link");
  remember_run(folder / "cache", folder / "second");
  CHECK(knows_run(folder / "cache", folder / "run"));
  CHECK(knows_run(folder / "cache", folder / "second/../second"));
  CHECK_FALSE(knows_run(folder / "cache", folder / "third"));
  fs::rename(folder / "cache/runs.json", folder / "diary");
  fs::create_symlink("../diary", folder / "cache/runs.json");
  CHECK_FALSE(knows_run(folder / "cache", folder / "run"));
  const auto before = read_file(folder / "diary");
  CHECK_THROWS_WITH(remember_run(folder / "cache", folder / "third"), ContainsSubstring("runs.json: is a symbolic link"));
  CHECK(read_file(folder / "diary") == before);
}

}  // namespace attnzoo::test
