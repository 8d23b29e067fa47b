// The program attnzoo-data as a user runs it.
#include <fmt/format.h>

#include "data/files.h"
#include "tests/program.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::Outcome;
using attnzoo::test::programs_are_built;
using attnzoo::test::run_bash;
using attnzoo::test::run_merged;
using attnzoo::test::TemporaryDirectory;

namespace {

bool have_program() { return programs_are_built({"attnzoo-data"}); }

Outcome run(const TemporaryDirectory& folder, const std::string& arguments) {
  return run_merged(folder.path(), "attnzoo-data " + arguments);
}

}  // namespace

TEST_CASE("attnzoo-data prepares and inspects a recipe, once") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  std::string source, target;
  for (int i = 0; i < 50; ++i) {
    source += fmt::format("a dog {}\n", i);
    target += fmt::format("ein Hund {}\n", i);
  }
  folder.file("t.en", source);
  folder.file("t.de", target);
  folder.file("r.json",
              R"({"data": {"train": {"source": "t.en", "target": "t.de"}, /* small */ "tokenizer": {"kind": "characters"}}, "model": {}})");
  const std::string cache = (folder / "prepared/r").string();
  const Outcome first = run(folder, "prepare r.json");
  CHECK(first.status == 0);
  CHECK_THAT(first.output, ContainsSubstring("train: 50 pairs read, 50 kept\n") && ContainsSubstring(cache + ": 50 training pairs\n"));
  CHECK_THAT(run(folder, "prepare r.json").output, ContainsSubstring(cache + ": 50 training pairs, all reused\n"));
  const Outcome inspected = run(folder, "inspect r.json --samples 1");
  CHECK(inspected.status == 0);
  CHECK_THAT(inspected.output,
             ContainsSubstring("What the model will see\n  line 1\n") && ContainsSubstring("text    a dog 0 ||| ein Hund 0\n"));
  const Outcome set = run(folder, "prepare r.json --cache other --set data.train.target=t.en --set data.tokenizer.kind=words");
  CHECK(set.status == 0);
  CHECK(std::filesystem::exists(folder / "other/train.corpus"));
}

TEST_CASE("attnzoo-data inspect --report writes a page or its data, over nothing that is read, and nothing where it fails") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  folder.file("t.tsv", "a dog\tein Hund\n</script><script>x\t<b>\n");
  folder.file("r.json", R"({"data": {"train": {"tsv": "t.tsv"}, "tokenizer": {"kind": "characters"}}})");
  const Outcome page = run(folder, "inspect r.json --report data.html");
  CHECK(page.status == 0);
  CHECK_THAT(page.output, ContainsSubstring("What the model will see\n"));  // the text is printed as well
  CHECK_THAT(attnzoo::read_file(folder / "data.html"),
             ContainsSubstring("<title>r.json: data</title>") && ContainsSubstring("\\u003c/script>"));
  CHECK(run(folder, "inspect r.json --report data.json").status == 0);
  CHECK_THAT(attnzoo::read_file(folder / "data.json"), ContainsSubstring("\"kind\": \"inspection\""));

  const auto refused = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = run(folder, "inspect r.json --report " + arguments);
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
  };
  refused("no/data.html", "no/data.html: cannot be written: the folder no does not exist\n");
  refused("t.tsv", "--report t.tsv: this is the file that is read (");
  refused("r.json", "--report r.json: this is the file that is read (");
  refused("prepared/r/train.corpus", "--report prepared/r/train.corpus: this is the file that is read (");
  folder.file("t.tsv", "no tab\n");
  refused("late.html", "has 1 column, but column 1 is needed");
  CHECK_FALSE(std::filesystem::exists(folder / "late.html"));
  CHECK(run_merged(folder.path(), "ls -A | grep tmp").output.empty());
  CHECK_THAT(run(folder, "inspect r.json --reprot x").output, ContainsSubstring("unknown option --reprot; did you mean --report?"));
}

TEST_CASE("Ctrl-C ends attnzoo-data prepare at once, with exit status 130 and no temporary file left") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  folder.file("r.json", R"({"data": {"train": {"tsv": "-"}, "tokenizer": {"kind": "characters"}}})");
  for (const auto& [name, status] : {std::pair{"INT", 130}, std::pair{"TERM", 143}, std::pair{"HUP", 129}}) {
    // The pipe stays open, so the program waits for more text.
    const Outcome outcome = run_bash(folder.path(), fmt::format(R"(set -m
mkfifo in; {{ echo 'a b'; exec sleep 20; }} > in & feeder=$!
attnzoo-data prepare r.json < in & program=$!
for i in {{1..100}}; do ls -A prepared/r 2>/dev/null | grep -q tmp && break; sleep 0.1; done
kill -{} $program; wait $program; status=$?
find prepared -name '*tmp' -printf 'left behind: %f\n'
kill $feeder; rm -rf in prepared; exit $status)",
                                                                name));
    INFO(outcome.output);
    CHECK(outcome.status == status);
    CHECK(outcome.output.find("left behind") == std::string::npos);
  }
}

TEST_CASE("numbers of attnzoo-data are held against the bounds of their option") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  folder.file("r.json", "{}");
  const auto check = [&](const std::string& arguments, const std::string& message) {
    const Outcome outcome = run(folder, arguments);
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
  };
  check("prepare r.json --threads 4294967297", "attnzoo-data prepare: --threads: must be between 1 and 1024, got 4294967297\n");
  check("inspect r.json --samples -1", "--samples: must be between 0 and 1000000, got -1\n");
  check("import gettext --out o --held-out nan", "--held-out: must be between 0 and 0.499, got nan\n");
  check("import gettext --out o --max-held-out 1e3", "--max-held-out: '1e3' is not a whole number\n");
  check("import debian-descriptions --out o --sections en --min-texts 0x10", "--min-texts: '0x10' is not a whole number\n");
  check("import debian-descriptions --out o --timeout 99999999999999999999",
        "--timeout: must be between 1 and 1000000, got 99999999999999999999\n");
  check("prepare r.json --cache a --cache b", "--cache: given twice ('a' and 'b'); it takes one value\n");
  check("prepare r.json --vocab-size 4000",
        "unknown option --vocab-size: a field of the recipe; use --set data.tokenizer.vocabulary_size=4000\n");
}

TEST_CASE("attnzoo-data reads pipes, process substitutions and standard input as it reads files") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  folder.file("a", "one\ntwo\nthree\n");
  folder.file("b", "eins\nzwei\ndrei\n");
  folder.file("r.json", R"({"data": {"train": {"source": "a", "target": "b"}, "tokenizer": {"kind": "characters"}}, "model": {}})");
  folder.file("t.json",
              R"({"task": "language-model", "data": {"train": {"text": "a"}, "tokenizer": {"kind": "characters"}}, "model": {}})");
  const auto check = [&](const std::string& command, const std::string& output) {
    const Outcome outcome = run_merged(folder.path(), "timeout 60 bash -c '" + command + "'");
    INFO(command << "\n" << outcome.output);
    CHECK(outcome.status == 0);
    CHECK_THAT(outcome.output, ContainsSubstring(output));
  };
  check("attnzoo-data inspect r.json --set data.train.source=<(cat a) --set data.train.target=<(gzip -c b)", "text    one ||| eins\n");
  check("attnzoo-data inspect r.json --set data.valid.tsv=<(paste a b)", "valid: 3 pairs read, 3 kept");
  check("mkfifo p && (cat b > p &) && attnzoo-data inspect r.json --set data.train.target=p", "text    one ||| eins\n");
  check("cat a | attnzoo-data inspect t.json --set data.train.text=/dev/stdin", "text    one\n");
  check("attnzoo-data inspect t.json --set data.train.text=- < a", "text    one\n");
  const Outcome twice = run_merged(
      folder.path(), "cat a | timeout 60 attnzoo-data inspect r.json --set data.train.source=- --set data.train.target=/dev/stdin");
  CHECK(twice.status == 1);
  CHECK_THAT(twice.output,
             ContainsSubstring("/dev/stdin: is a pipe or terminal, which can be read only once, but is named twice; give a file instead"));
}

TEST_CASE("attnzoo-data takes --set data.train.text relative to the working folder") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  folder.file("sub/r.json",
              R"({"task": "language-model", "data": {"train": {"text": "a"}, "tokenizer": {"kind": "characters"}}, "model": {}})");
  folder.file("sub/a", "of the recipe\n");
  folder.file("mine", "of the command line\n");
  CHECK_THAT(run(folder, "inspect sub/r.json").output, ContainsSubstring("text    of the recipe\n"));
  CHECK_THAT(run(folder, "inspect sub/r.json --set data.train.text=mine").output, ContainsSubstring("text    of the command line\n"));
}

TEST_CASE("attnzoo-data refuses bad usage with the nearest name and exit status 2") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  const auto check = [&](const std::string& arguments, const std::string& output) {
    const Outcome outcome = run(folder, arguments);
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.output, Equals(output));
  };
  check("", "attnzoo-data: a command is needed: import, prepare or inspect\nSee: attnzoo-data --help\n");
  check("prepair r.json",
        "attnzoo-data: unknown command prepair; did you mean prepare?; commands: import, inspect, prepare\nSee: attnzoo-data --help\n");
  check("--hepl", "attnzoo-data: unknown option --hepl; did you mean --help?; options: --help, --version\nSee: attnzoo-data --help\n");
  check("import debian --out x",
        "attnzoo-data: unknown origin debian; did you mean debian-descriptions?; origins: debian-descriptions, gettext, multi30k\n"
        "See: attnzoo-data --help\n");
  check("import", "attnzoo-data: import needs an origin: debian-descriptions, gettext, multi30k\nSee: attnzoo-data --help\n");
  check("prepare", "attnzoo-data prepare: a RECIPE.json is needed\nSee: attnzoo-data prepare --help\n");
  check("prepare r.json --cash x",
        "attnzoo-data prepare: unknown option --cash; did you mean --cache?\nSee: attnzoo-data prepare --help\n");
  check("prepare r.json --threads 0",
        "attnzoo-data prepare: --threads: must be between 1 and 1024, got 0\nSee: attnzoo-data prepare --help\n");
  check("inspect r.json --samples many",
        "attnzoo-data inspect: --samples: 'many' is not a whole number\nSee: attnzoo-data inspect --help\n");
  const std::string debian = "attnzoo-data import debian-descriptions", see_debian = "\nSee: " + debian + " --help\n";
  check("import debian-descriptions --sections en --summarise en --out x",
        debian + ": --languages, --summarise and --sections exclude each other; give one of them" + see_debian);
  check("import debian-descriptions --min-texts 5 --out x", debian + ": --min-texts belongs to --sections" + see_debian);
  check("import multi30k",
        "attnzoo-data import multi30k: --from DIR is needed: a copy of https://github.com/multi30k/dataset\n"
        "See: attnzoo-data import multi30k --help\n");
  check("import gettext", "attnzoo-data import gettext: --out DIR is needed\nSee: attnzoo-data import gettext --help\n");
}

TEST_CASE("attnzoo-data fails with exit status 1 and one line for what is wrong with a recipe or its text") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  const auto output_of = [&](const std::string& recipe, const std::string& flags = "") {
    folder.file("r.json", recipe);
    const Outcome outcome = run(folder, "prepare r.json " + flags);
    CHECK(outcome.status == 1);
    return outcome.output;
  };
  const std::string text = R"({"data": {"train": {"source": "t.en", "target": "t.de"}}})";
  const std::string here = folder.path().string();
  CHECK(output_of("{").rfind("attnzoo-data prepare: error: r.json:1: not valid JSON: ", 0) == 0);
  CHECK(output_of("{}") == "attnzoo-data prepare: error: r.json: has no 'data' section; it names the text to train on\n");
  CHECK(output_of(text) == "attnzoo-data prepare: error: " + here + "/t.en: no such file\n");
  folder.file("t.en", "a\nb\xFF\n");
  folder.file("t.de", "a\nb\n");
  CHECK_THAT(output_of(text),
             ContainsSubstring("t.en:2: not valid UTF-8 at byte 2; convert the file, or accept it with --invalid-utf8 replace"));
  CHECK_THAT(output_of(text, "--invalid-utf8 repair"),
             ContainsSubstring("data.clean.invalid_utf8: unknown value 'repair'; accepted: error, replace, drop"));
  CHECK(run(folder, "prepare r.json --invalid-utf8 replace --set data.tokenizer.kind=characters").status == 0);
  CHECK(run(folder, "prepare none.json").output.rfind("attnzoo-data prepare: error: none.json: no such file", 0) == 0);
}

TEST_CASE("attnzoo-data and each of its commands show help with examples, and the version") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  for (const std::string command : {"", "prepare ", "inspect ", "import debian-descriptions ", "import gettext ", "import multi30k "}) {
    const Outcome help = run(folder, command + "--help");
    CHECK(help.status == 0);
    CHECK_THAT(help.output, ContainsSubstring("Usage:\n  attnzoo-data ") && ContainsSubstring("Examples:\n  attnzoo-data " + command));
  }
  CHECK(run(folder, "import --help").status == 0);
  CHECK_THAT(run(folder, "--version").output, ContainsSubstring("LibTorch"));
  CHECK_THAT(run(folder, "prepare --version").output, ContainsSubstring("LibTorch"));
}

TEST_CASE("attnzoo-data imports gettext catalogs from a folder without any, saying so") {
  if (!have_program()) return;
  const TemporaryDirectory folder;
  const Outcome outcome = run(folder, "import gettext --from . --out out");
  CHECK(outcome.status == 1);
  CHECK(outcome.output.rfind("attnzoo-data import gettext: error: ", 0) == 0);
  CHECK_FALSE(std::filesystem::exists(folder / "out/train.en"));
}
