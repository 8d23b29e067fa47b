// The Debian importer on small texts, and what every importer does with its pairs; nothing is downloaded.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/importers/debian_descriptions.h"
#include "data/importers/external_program.h"
#include "data/importers/packages_index.h"
#include "data/importers/parallel_output.h"
#include "data/importers/translation_file.h"
#include "data/json_fields.h"
#include "data/text_reader.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;
using test::ContainsSubstring;

std::string shown(const std::vector<DescriptionBlock>& blocks) {
  std::string all;
  for (const DescriptionBlock& block : blocks) all += (block.is_item ? "* " : "") + block.text + " | ";
  return all;
}

const ImportLog kSilent = [](const std::string&) {};

constexpr char kEnglish[] =
    "Package: chess\nDescription-md5: 0001\nDescription-en: play chess on 3 boards\n"
    " The game has three\n boards.\n .\n It offers:\n  - many figures,\n    some of them new\n  - several moves\n .\n   code --not-text\n\n"
    "Package: ping\nDescription-md5: 0002\nDescription-en: ping utility\n First.\n .\n Second.\n\n"
    "Package: lonely\nDescription-md5: 0003\nDescription-en: nobody translated this\n Text.\n";
constexpr char kGerman[] =
    "Package: chess\nDescription-md5: 0001\nDescription-de: Schach auf 3 Brettern\n"
    " Das Spiel hat drei\n Bretter.\n .\n Es bietet:\n  * viele Figuren,\n    einige davon neu\n  * mehrere Z\xC3\xBCge\n\n"
    "Package: ping\nDescription-md5: 0002\nDescription-de: Ping-Werkzeug\n Beides in einem Absatz.\n";

// kEnglish's packages, one without a text, one without a section, and one text that stands in two sections.
constexpr char kPackages[] =
    "Package: chess\nVersion: 1\nDescription: play chess\nDescription-md5: 0001\nTag: game::board,\n interface::x11\nSection: games\n\n"
    "Package: ping\nDescription-md5: 0002\nSection: non-free/net\n\nPackage: new\nDescription-md5: 0009\nSection: net\n\n"
    "Package: own\nDescription-md5: 0001\n\nPackage: lonely\nDescription-md5: 0003\nSection: libs\n\n"
    "Package: lonely-dev\nDescription-md5: 0003\nSection: libdevel\n";

DebianImportOptions sections_options(const test::TemporaryDirectory& folder, int64_t min_texts) {
  DebianImportOptions options;
  options.sections = "en";
  options.min_texts = min_texts;
  options.from = folder / "in";
  options.output.folder = folder / "out";
  options.output.held_out = 0;
  return options;
}

std::vector<ParallelPair> numbered_pairs(int count) {
  std::vector<ParallelPair> pairs;
  for (int i = 0; i < count; ++i) {
    std::string word;
    for (int rest = i; rest > 0; rest /= 26) word += static_cast<char>('a' + rest % 26);
    pairs.push_back({"source " + word + "x", "Ziel " + word + "x"});
  }
  return pairs;
}

}  // namespace

TEST_CASE("a Translation file gives titles, joined paragraphs and list items without bullets") {
  DescriptionTable table;
  parse_translation_file(kEnglish, "en", table);
  REQUIRE(table.size() == 3);
  CHECK(table.at("0001").package == "chess");
  CHECK(table.at("0001").title == "play chess on 3 boards");
  CHECK(shown(table.at("0001").blocks) ==
        "The game has three boards. | It offers: | * many figures, some of them new | * several moves | ");
}

TEST_CASE("a Translation file of another language, an untranslated title and a record without digest give nothing") {
  DescriptionTable table;
  parse_translation_file(kEnglish, "de", table);
  parse_translation_file("Package: a\nDescription-md5: 1\nDescription-de: <trans>\n\nPackage: b\nDescription-de: x\n\n\xFF\n:\n", "de",
                         table);
  CHECK(table.empty());
}

TEST_CASE("an unindented line after a list starts a paragraph of its own") {
  DescriptionTable table;
  parse_translation_file("Description-md5: 1\nDescription-en: t\n  * item\n Text goes on.\n", "en", table);
  CHECK(shown(table.at("1").blocks) == "* item | Text goes on. | ");
}

TEST_CASE("descriptions of one shape are paired block by block, others by what agrees") {
  const PackageDescription source{"p", "title", {{false, "one"}, {true, "item"}, {false, "two"}}};
  const PackageDescription same{"p", "Titel", {{false, "eins"}, {true, "Punkt"}, {false, "zwei"}}};
  const PackageDescription no_list{"p", "Titel", {{false, "eins"}, {false, "zwei"}}};
  const PackageDescription shorter{"p", "Titel", {{false, "alles"}}};
  const PackageDescription partly{"p", "Titel", {{false, "<trans>"}, {true, "Punkt"}, {false, "zwei"}}};
  const auto text = [](const std::vector<ParallelPair>& pairs) {
    std::string all;
    for (const auto& pair : pairs) all += pair.source + "=" + pair.target + " ";
    return all;
  };
  CHECK(text(align_descriptions(source, same)) == "title=Titel one=eins item=Punkt two=zwei ");
  CHECK(text(align_descriptions(source, no_list)) == "title=Titel one=eins two=zwei ");
  CHECK(text(align_descriptions(source, shorter)) == "title=Titel ");
  CHECK(text(align_descriptions(source, partly)) == "title=Titel item=Punkt two=zwei ");
}

TEST_CASE("debian-descriptions joins the languages of a folder by digest, plain or gzip") {
  const test::TemporaryDirectory folder;
  folder.file("in/x_main_i18n_Translation-en", kEnglish);
  folder.file("in/x_main_i18n_Translation-de", kGerman);
  if (GENERATE(false, true))
    REQUIRE(run_external({"gzip", (folder / "in/x_main_i18n_Translation-de").string()}, true, 20).exit_status == 0);
  DebianImportOptions options;
  options.from = folder / "in";
  options.output.folder = folder / "out";
  options.output.held_out = 0;
  const ImportReport report = import_debian_descriptions(options, kSilent);
  CHECK(report.num_train == 6);
  CHECK_THAT(report.text(), ContainsSubstring("Debian package descriptions (3 in en, 2 in de, 2 in both)"));
  CHECK_THAT(report.text(), ContainsSubstring("to train: attnzoo-train " + (folder / "out/recipe.json").string() + " --run RUN\n"));
  const auto recipe = read_json(folder / "out/recipe.json");
  CHECK(recipe["task"] == "translation");
  CHECK(recipe["data"]["train"] == nlohmann::json{{"source", "train.en"}, {"target", "train.de"}});
  CHECK(read_lines((folder / "out/train.en").string()) == std::vector<std::string>{"play chess on 3 boards", "The game has three boards.",
                                                                                   "It offers:", "many figures, some of them new",
                                                                                   "several moves", "ping utility"});
  CHECK(read_lines((folder / "out/train.de").string()) == std::vector<std::string>{"Schach auf 3 Brettern", "Das Spiel hat drei Bretter.",
                                                                                   "Es bietet:", "viele Figuren, einige davon neu",
                                                                                   "mehrere Z\xC3\xBCge", "Ping-Werkzeug"});
  CHECK(fs::exists(folder / "out/import.json"));
}

TEST_CASE("debian-descriptions --summarise pairs the long description with its title") {
  const test::TemporaryDirectory folder;
  folder.file("in/Translation-en", kEnglish);
  DebianImportOptions options;
  options.summarise = "en";
  options.from = folder / "in";
  options.output.folder = folder / "out";
  options.output.held_out = 0;
  CHECK(import_debian_descriptions(options, kSilent).num_train == 3);
  CHECK(read_lines((folder / "out/train.text").string()).at(1) == "First. Second.");
  CHECK(read_lines((folder / "out/train.title").string()).at(1) == "ping utility");
}

TEST_CASE("a Packages index gives sections without the area of the archive, and none where packages disagree") {
  PackagesIndex index;
  parse_packages_index(kPackages, index);
  const std::map<std::string, std::string> expected = {{"0001", "games"}, {"0002", "net"}, {"0003", ""}, {"0009", "net"}};
  CHECK((index.sections == expected));
  CHECK(index.num_incomplete == 1);
  parse_packages_index("\xFF\n:\n\n\nSection: net\n", index);
  CHECK(index.sections.size() == 4);
}

TEST_CASE("debian-descriptions --sections labels title and long description with the package's section") {
  const test::TemporaryDirectory folder;
  folder.file("in/x_main_i18n_Translation-en", kEnglish);
  folder.file("in/x_main_binary-amd64_Packages", kPackages);
  if (GENERATE(false, true))
    REQUIRE(run_external({"gzip", (folder / "in/x_main_binary-amd64_Packages").string()}, true, 20).exit_status == 0);
  const ImportReport report = import_debian_descriptions(sections_options(folder, 1), kSilent);
  CHECK(
      read_lines((folder / "out/train.text").string()) ==
      std::vector<std::string>{"play chess on 3 boards The game has three boards. It offers: many figures, some of them new several moves",
                               "ping utility First. Second."});
  CHECK(read_lines((folder / "out/train.section").string()) == std::vector<std::string>{"games", "net"});
  CHECK_THAT(report.text(), ContainsSubstring("and their sections (4 in the index, 3 in en, 2 labelled)") &&
                                ContainsSubstring("1 packages without a section or a Description-md5 are left out") &&
                                ContainsSubstring("1 descriptions without a text in Translation-en are left out") &&
                                ContainsSubstring("1 descriptions that packages of different sections share are left out"));
  const auto recipe = read_json(folder / "out/recipe.json");
  CHECK(recipe["task"] == "classification");
  CHECK(recipe["data"]["train"] == nlohmann::json{{"source", "train.text"}, {"target", "train.section"}});
}

TEST_CASE("debian-descriptions --sections leaves out sections with few texts and names them") {
  const test::TemporaryDirectory folder;
  folder.file("in/Translation-en", std::string(kEnglish) + "\nDescription-md5: 0004\nDescription-en: draughts\n On the same board.\n");
  folder.file("in/Packages", std::string(kPackages) + "\nPackage: draughts\nDescription-md5: 0004\nSection: contrib/games\n");
  const ImportReport report = import_debian_descriptions(sections_options(folder, 2), kSilent);
  CHECK(report.num_train == 2);
  CHECK_THAT(report.text(), ContainsSubstring("1 sections with fewer than 2 texts, 1 in all, are left out: net"));
  CHECK_THROWS_WITH(import_debian_descriptions(sections_options(folder, 3), kSilent),
                    "Debian package descriptions and their sections (5 in the index, 4 in en, 3 labelled): none of 2 sections has 3 texts; "
                    "lower --min-texts");
  CHECK_THROWS_WITH(import_debian_descriptions(sections_options(folder, 0), kSilent),
                    "--min-texts: 0 is out of range; accepted is 1 or more");
}

TEST_CASE("debian-descriptions --sections says when a folder lacks the Packages file") {
  const test::TemporaryDirectory folder;
  folder.file("in/Translation-en", kEnglish);
  CHECK_THROWS_WITH(import_debian_descriptions(sections_options(folder, 1), kSilent),
                    (folder / "in").string() + ": holds no Packages file (plain or .gz, .xz, .bz2, .lz4, .zst); omit --from to fetch it");
}

TEST_CASE("debian-descriptions says which Translation file a folder lacks") {
  const test::TemporaryDirectory folder;
  folder.file("Translation-en", kEnglish);
  DebianImportOptions options;
  options.from = folder.path();
  options.output.folder = folder / "out";
  CHECK_THROWS_WITH(import_debian_descriptions(options, kSilent), ContainsSubstring("holds no Translation-de file"));
  options.from = folder / "absent";
  CHECK_THROWS_WITH(
      import_debian_descriptions(options, kSilent),
      ContainsSubstring("cannot be listed: No such file or directory; a folder with Translation-en and Translation-de files"));
}

TEST_CASE("debian-descriptions refuses a truncated gzip file") {
  const test::TemporaryDirectory folder;
  const fs::path packed = folder / "Translation-en.gz";
  folder.file("Translation-en", std::string(kEnglish) + std::string(5000, 'x'));
  REQUIRE(run_external({"gzip", (folder / "Translation-en").string()}, true, 20).exit_status == 0);
  fs::resize_file(packed, fs::file_size(packed) - 12);
  DebianImportOptions options;
  options.summarise = "en";
  options.from = folder.path();
  options.output.folder = folder / "out";
  CHECK_THROWS_WITH(import_debian_descriptions(options, kSilent), ContainsSubstring("Translation-en.gz: the gzip file is truncated"));
}

TEST_CASE("no source of the held-out splits occurs in training, whatever its digits, case and punctuation") {
  const test::TemporaryDirectory folder;
  std::vector<ParallelPair> pairs = numbered_pairs(3000);
  for (const ParallelPair& pair : numbered_pairs(3000))
    pairs.push_back({"Source: " + pair.source.substr(7) + "!", pair.target + " anders"});
  const ImportReport report = write_parallel(pairs, {folder.path(), "en", "de", 0.05, 1000}, {});
  CHECK(report.num_valid > 80);
  CHECK(report.num_test > 80);
  CHECK(report.num_train + report.num_valid + report.num_test + report.dropped.at("another pair of a held-out source") == 6000);
  std::set<std::string> train_keys;
  for (const std::string& line : read_lines((folder / "train.en").string())) train_keys.insert(split_key(line));
  for (const char* split : {"valid.en", "test.en"})
    for (const std::string& line : read_lines((folder / split).string())) CHECK_FALSE(train_keys.contains(split_key(line)));
  CHECK(read_lines((folder / "valid.en").string()).size() == read_lines((folder / "valid.de").string()).size());
}

TEST_CASE("a grown archive keeps every source in its split") {
  const test::TemporaryDirectory folder;
  write_parallel(numbered_pairs(1000), {folder / "small", "en", "de", 0.05, 1000}, {});
  write_parallel(numbered_pairs(2000), {folder / "large", "en", "de", 0.05, 1000}, {});
  const auto large = read_lines((folder / "large/test.en").string());
  for (const std::string& line : read_lines((folder / "small/test.en").string())) CHECK(std::ranges::find(large, line) != large.end());
}

TEST_CASE("the held-out splits have an upper bound") {
  const test::TemporaryDirectory folder;
  const ImportReport report = write_parallel(numbered_pairs(4000), {folder.path(), "en", "de", 0.2, 50}, {});
  CHECK(report.num_test > 20);
  CHECK(report.num_test < 80);
}

TEST_CASE("pairs that teach nothing are counted by reason") {
  const test::TemporaryDirectory folder;
  const std::vector<ParallelPair> pairs = {
      {"good  one", "gut\teins"}, {"good one", "gut eins"}, {"GNU", "GNU"}, {"", "leer"}, {"1.2", "1,2"}, {"bad", "\xFF"}};
  const ImportReport report = write_parallel(pairs, {folder.path(), "en", "de", 0, 0}, {});
  CHECK(report.num_train == 1);
  const std::map<std::string, int64_t> expected = {{"the pair occurred before", 1},
                                                   {"both sides are equal", 1},
                                                   {"a side is empty", 1},
                                                   {"a side has no letter", 1},
                                                   {"not valid UTF-8", 1}};
  CHECK((report.dropped == expected));
}

TEST_CASE("an import that leaves no pair writes nothing and says so") {
  const test::TemporaryDirectory folder;
  ImportReport report;
  report.origin = "gettext catalogs";
  CHECK_THROWS_WITH(write_parallel({{"a", "a"}}, {folder / "out", "en", "de"}, report),
                    "gettext catalogs: none of 1 pairs is left for training; nothing was written");
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("an import replaces files of an earlier one, and no file that it did not write") {
  const test::TemporaryDirectory folder;
  const ParallelOutput english{folder / "out", "en", "de", 0, 0}, french{folder / "out", "en", "fr", 0, 0};
  folder.file("out/train.de", "my own");
  const auto refused = [&](const ParallelOutput& output, const std::string& name) {
    const std::string message = "--out " + (folder / "out").string() + ": holds " + name +
                                ", which no import wrote or which has changed since; choose another folder, or move the file away";
    CHECK_THROWS_WITH(check_parallel_output(output), message);
    CHECK_THROWS_WITH(write_parallel(numbered_pairs(3), output, {}), message);
  };
  refused(english, "train.de");
  CHECK(read_lines((folder / "out/train.de").string()) == std::vector<std::string>{"my own"});
  CHECK_FALSE(fs::exists(folder / "out/train.en"));
  fs::remove(folder / "out/train.de");

  write_parallel(numbered_pairs(3), english, {});
  write_parallel(numbered_pairs(4), french, {});
  write_parallel(numbered_pairs(5), english, {});
  CHECK(read_lines((folder / "out/train.de").string()).size() == 5);
  CHECK(read_lines((folder / "out/train.fr").string()).size() == 4);
  folder.file("out/valid.de", "edited");
  refused(english, "valid.de");
  write_parallel(numbered_pairs(6), french, {});
  fs::remove(folder / "out/valid.de");
  write_parallel(numbered_pairs(7), english, {});
  CHECK(read_lines((folder / "out/train.de").string()).size() == 7);
}

TEST_CASE("an import replaces its own recipe, and leaves alone one that somebody has changed") {
  const test::TemporaryDirectory folder;
  const ParallelOutput output{folder / "out", "en", "de", 0, 0};
  write_parallel(numbered_pairs(3), output, {});
  const auto first = read_file(folder / "out/recipe.json");
  CHECK_THAT(first, ContainsSubstring("3 pairs"));
  write_parallel(numbered_pairs(9), output, {});
  CHECK_THAT(read_file(folder / "out/recipe.json"), ContainsSubstring("9 pairs"));
  folder.file("out/recipe.json", first + "// mine\n");
  const auto report = write_parallel(numbered_pairs(5), output, {});
  CHECK(read_file(folder / "out/recipe.json") == first + "// mine\n");
  REQUIRE(report.notes.size() == 1);
  CHECK_THAT(report.notes[0], ContainsSubstring("recipe.json has been changed or is no import's, and stays as it is"));
  CHECK(read_lines((folder / "out/train.en").string()).size() == 5);
}

TEST_CASE("an import does not write through links, nor over a report that is not an import's") {
  const test::TemporaryDirectory folder;
  const ParallelOutput output{folder / "out", "en", "de", 0, 0};
  folder.file("diary", "mine");
  fs::create_directory(folder / "out");
  fs::create_symlink("../diary", folder / "out/test.en");
  CHECK_THROWS_WITH(write_parallel(numbered_pairs(3), output, {}), ContainsSubstring(": holds test.en, which no import wrote"));
  fs::remove(folder / "out/test.en");
  folder.file("out/import.json", "{\"invoices\": 3}");
  CHECK_THROWS_WITH(write_parallel(numbered_pairs(3), output, {}), ContainsSubstring(": holds import.json, which no import wrote"));
  CHECK(read_lines((folder / "diary").string()) == std::vector<std::string>{"mine"});
}

TEST_CASE("import settings out of range are refused with what is accepted") {
  CHECK(parse_language_pair("en,pt_BR").first == "en");
  CHECK(parse_language_pair("en,pt_BR").second == "pt_BR");
  CHECK_THROWS_WITH(parse_language_pair("en"), "--languages: 'en' does not name two languages; write source,target: en,de");
  CHECK_THROWS_WITH(parse_language_pair("de,de"), "--languages: 'de' twice; two different languages are needed");
  CHECK_THROWS_WITH(parse_language_pair("en,../x"), ContainsSubstring("--languages: '../x' is not a language"));
  CHECK_THROWS_WITH(write_parallel({}, {"", "en", "de"}, {}), ContainsSubstring("--out: no folder given"));
  CHECK_THROWS_WITH(write_parallel({}, {"x", "en", "de", 0.5}, {}), "held_out: 0.5 is out of range; accepted is [0, 0.5)");
}

TEST_CASE("an external program's output, status and time limit are seen") {
  CHECK(run_external({"echo", "hello"}, false, 10).text == "hello\n");
  CHECK(run_external({"sh", "-c", "exit 3"}, false, 10).exit_status == 3);
  CHECK(run_external({"attnzoo-no-such-program"}, false, 10).exit_status == 127);
  const ProgramOutput slow = run_external({"sleep", "30"}, false, 1);
  CHECK(slow.timed_out);
  CHECK(slow.exit_status == 128 + 15);
}

}  // namespace attnzoo
