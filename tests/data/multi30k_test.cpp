// The Multi30k importer on a small copy of the dataset's layout, and the recipes that read what it writes.
#include "data/importers/multi30k.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/files.h"
#include "data/importers/external_program.h"
#include "data/json_fields.h"
#include "data/prepare.h"
#include "data/text_reader.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

const ImportLog kNoLog = [](const std::string&) {};

// Writes the raw files of task 1 in two languages into FOLDER/below.
void make_dataset(const TemporaryDirectory& folder, const std::string& below) {
  folder.file(below + "/train.en", "A dog.\nA cat .\n\nA dog.\n");
  folder.file(below + "/train.de", "Ein Hund.\nEine Katze .\n\nEin Hund.\n");
  folder.file(below + "/train.fr", "Un chien.\nUn chat .\n\nUn chien.\n");
  folder.file(below + "/val.en", "A man.\r\n");
  folder.file(below + "/val.de", "Ein Mann.");
  folder.file(below + "/test_2016_flickr.en", "One.\nTwo.\n");
  folder.file(below + "/test_2016_flickr.de", "Eins.\nZwei.\n");
  folder.file(below + "/test_2018_flickr.en", "Three.\n");
  folder.file(below + "/train.lc.norm.tok.en", "a dog .\n");
}

Multi30kImportOptions options_for(const TemporaryDirectory& folder, const std::string& from) {
  Multi30kImportOptions options;
  options.from = folder / from;
  options.out = folder / "out";
  return options;
}

}  // namespace

TEST_CASE("multi30k keeps the dataset's splits line by line, from the repository or a folder of it, plain or gzip") {
  const TemporaryDirectory folder;
  make_dataset(folder, "dataset/data/task1/raw");
  const std::string from = GENERATE("dataset", "dataset/data", "dataset/data/task1", "dataset/data/task1/raw");
  if (from == "dataset/data") {
    for (const char* name : {"train.en", "val.de", "test_2016_flickr.en"})
      REQUIRE(run_external({"gzip", (folder / "dataset/data/task1/raw" / name).string()}, true, 20).exit_status == 0);
  }
  const ImportReport report = import_multi30k(options_for(folder, from), kNoLog);
  CHECK(read_file(folder / "out/train.en") == "A dog.\nA cat .\n\nA dog.\n");
  CHECK(read_file(folder / "out/train.de") == "Ein Hund.\nEine Katze .\n\nEin Hund.\n");
  CHECK(read_file(folder / "out/valid.en") == "A man.\n");
  CHECK(read_file(folder / "out/valid.de") == "Ein Mann.\n");
  CHECK(read_file(folder / "out/test_2016_flickr.de") == "Eins.\nZwei.\n");
  CHECK_FALSE(std::filesystem::exists(folder / "out/test_2018_flickr.en"));
  CHECK(report.notes == std::vector<std::string>{"test_2018_flickr is not there in de; left out"});
  const auto written = read_json(folder / "out/import.json");
  CHECK(written["train"] == 4);
  CHECK(written["valid"] == 1);
  CHECK(written["test_2016_flickr"] == 2);
  CHECK(written["data"]["valid"]["target"] == "valid.de");
  CHECK_THAT(report.text(), ContainsSubstring("Multi30k, en to de (https://github.com/multi30k/dataset; ") &&
                                ContainsSubstring("  test_2016_flickr.en, test_2016_flickr.de ") && !ContainsSubstring("test.en") &&
                                ContainsSubstring("to train: attnzoo-train " + (folder / "out/recipe.json").string() + " --run RUN\n"));
}

TEST_CASE("multi30k refuses a folder that lacks the files, saying what it looked for and where") {
  const TemporaryDirectory folder;
  make_dataset(folder, "raw");
  std::filesystem::remove(folder / "raw/val.de");
  const std::string from = (folder / "raw").string();
  CHECK_THROWS_WITH(import_multi30k(options_for(folder, "raw"), kNoLog),
                    from + ": is not Multi30k in en and de; looked for train.en, train.de, val.en and val.de, plain or .gz, in " + from +
                        ", " + from + "/raw, " + from + "/task1/raw, " + from +
                        "/data/task1/raw; the dataset (the raw files of task 1) is at https://github.com/multi30k/dataset");
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  auto same = options_for(folder, "raw");
  same.target_language = "en";
  CHECK_THROWS_AS(import_multi30k(same, kNoLog), ConfigError);
}

TEST_CASE("multi30k refuses sides of different length and empty files, and writes nothing") {
  const TemporaryDirectory folder;
  make_dataset(folder, "raw");
  const std::string raw = (folder / "raw").string();
  folder.file("raw/val.de", "Ein Mann.\nZwei.\n");
  CHECK_THROWS_WITH(import_multi30k(options_for(folder, "raw"), kNoLog),
                    raw + "/val.en and " + raw + "/val.de differ in their number of lines: 1 and 2");
  folder.file("raw/val.en", "");
  folder.file("raw/val.de", "");
  CHECK_THROWS_WITH(import_multi30k(options_for(folder, "raw"), kNoLog), raw + "/val.en: is empty");
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_CASE("every recipe reads its text below the checkout's build folder and names the command that puts it there") {
  const std::filesystem::path recipes = ATTNZOO_SOURCE_DIR "/train/recipes";
  const std::string build = ATTNZOO_SOURCE_DIR "/build/";
  size_t num_recipes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(recipes)) {
    INFO(entry.path().string());
    ++num_recipes;
    const auto recipe = read_json(entry.path());
    const auto config = DataConfig::from_json(recipe["data"], recipes, task_of(recipe));
    CHECK(config.obtain.rfind("attnzoo-data import ", 0) == 0);
    for (const auto* part : {&config.train, &config.valid}) {
      REQUIRE(part->files().size() == 2);
      for (const std::string& file : part->files()) CHECK(std::filesystem::path(file).lexically_normal().string().rfind(build, 0) == 0);
    }
  }
  CHECK(num_recipes >= 6);
}

TEST_CASE("a recipe that says how to get its text is asked when a file is missing, before anything is made") {
  const TemporaryDirectory folder;
  folder.file("t.en", "a\n");
  nlohmann::json fields = {{"train", {{"source", "t.en"}, {"target", "t.de"}}}, {"obtain", "attnzoo-data import x --out ."}};
  const auto prepare = [&] {
    return prepare_data(DataConfig::from_json(fields, folder.path()), folder / "cache", {}, [](const std::string&) {});
  };
  CHECK_THROWS_WITH(prepare(), (folder / "t.de").string() + ": no such file; the recipe says how to get it: attnzoo-data import x --out .");
  CHECK_FALSE(std::filesystem::exists(folder / "cache"));
  const auto config = DataConfig::from_json(fields, folder.path());
  CHECK(DataConfig::from_json(config.to_json(), "/elsewhere").obtain == config.obtain);
}
