// attnzoo-translate and attnzoo-eval as a user runs them, on an untrained model: what it says does not matter, that all the ways of asking
// agree does.
#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "data/files.h"
#include "data/text_reader.h"
#include "models/checkpoint.h"
#include "tests/eval/untrained_run.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

TEST_CASE("attnzoo-translate gives the same bytes for every batch size, thread count and way in and out") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  CHECK(run(folder, "attnzoo-translate --run run --max-length 20 --input text --output one --batch-size 1 --threads 1 --quiet 2>&1")
            .output.empty());
  const auto expected = read_file(folder / "one");
  CHECK(read_lines((folder / "one").string()).size() == 60);
  CHECK(expected.substr(0, 1) == "\n");  // an empty line in is an empty line out
  const auto piped = run(folder, "attnzoo-translate --run run --max-length 20 --batch-size 64 --threads 2 < text 2> summary");
  CHECK(piped.status == 0);
  CHECK(piped.output == expected);
  CHECK_THAT(read_file(folder / "summary"), ContainsSubstring("60 sentences, ") && ContainsSubstring(" tokens/s"));
  CHECK(run(folder, "gzip < text | attnzoo-translate --run run/checkpoints/last --max-length 20 --buffer-lines 7 --quiet").output ==
        expected);
}

TEST_CASE("an output that is an input, or a file of the model, is refused and stays as it was") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  const auto text = read_file(folder / "text"), weights = read_file(folder / "run/checkpoints/last/weights.safetensors");
  std::filesystem::create_symlink("text", folder / "link");
  const auto refused = [&](const std::string& program, const std::string& options, const std::string& output, const std::string& input) {
    const auto outcome = run_merged(folder.path(), program + " --run run --quiet " + options + " " + output);
    CHECK(outcome.status == 1);
    CHECK(outcome.output == program + ": error: " + output + ": this is the file that is read (" + input + "); choose another name\n");
  };
  refused("attnzoo-translate", "--input text", "--output text", "text");
  refused("attnzoo-translate", "--input link", "--output ./text", "link");
  refused("attnzoo-translate", "< text", "--output text", "standard input");
  for (const char* output : {"text", "link"})
    for (const char* options : {"--source text --reference run/config.json", "--source run/config.json --reference text"}) {
      std::filesystem::copy_file(folder / "text", folder / "run/config.json", std::filesystem::copy_options::overwrite_existing);
      refused("attnzoo-eval", options, std::string("--hypotheses-out ") + output, "text");
    }
  refused("attnzoo-translate", "--input text", "--output run/checkpoints/last/weights.safetensors",
          "run/checkpoints/step-000010/weights.safetensors");
  refused("attnzoo-eval", "--source text --reference text", "--hypotheses-out run/config.json", "run/config.json");
  CHECK(read_file(folder / "text") == text);
  CHECK(read_file(folder / "run/checkpoints/last/weights.safetensors") == weights);
}

TEST_CASE("a run without best and last is used by its newest whole checkpoint, and that is said") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  std::filesystem::remove(folder / "run/checkpoints/last");
  const auto outcome = run_merged(folder.path(), "echo a | attnzoo-translate --run run --quiet --max-length 3 > out");
  CHECK(outcome.status == 0);
  CHECK(outcome.output ==
        "run: has no checkpoints/best or checkpoints/last; using the newest whole checkpoint, run/checkpoints/step-000010\n");
}

TEST_CASE("attnzoo-translate writes n-best lists and JSON lines that agree with its text") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  folder.file("two", "a b c\n\nb a\n");
  const std::string common = "attnzoo-translate --run run --checkpoint last --input two --max-length 12 --beam 3 --quiet ";
  const auto plain = run(folder, common).output;
  const auto n_best = run(folder, common + "--n-best 2").output;
  const auto json = run(folder, common + "--n-best 2 --format json --attention").output;
  std::vector<std::string> texts, objects;
  for (size_t begin = 0, end; (end = plain.find('\n', begin)) != plain.npos; begin = end + 1)
    texts.push_back(plain.substr(begin, end - begin));
  for (size_t begin = 0, end; (end = json.find('\n', begin)) != json.npos; begin = end + 1)
    objects.push_back(json.substr(begin, end - begin));
  REQUIRE(texts.size() == 3);
  REQUIRE(objects.size() == 3);
  std::string expected;
  for (size_t i = 0; i < 3; ++i) {
    const auto object = nlohmann::json::parse(objects[i]);
    CHECK(object["index"] == i);
    CHECK(object["text"] == texts[i]);
    CHECK(object["n_best"].size() == (i == 1 ? 1 : 2));  // a blank line has one hypothesis, an empty one
    for (const auto& entry : object["n_best"])
      expected += fmt::format("{} ||| {} ||| {:.6f}\n", i, entry["text"].get<std::string>(), entry["score"].get<double>());
    CHECK(object["source_tokens"] == (i == 0   ? nlohmann::json{"a", "b", "c", "</s>"}
                                      : i == 1 ? nlohmann::json::array()
                                               : nlohmann::json{"b", "a", "</s>"}));
    CHECK(object["attention"].size() == object["tokens"].size());
    for (const auto& row : object["attention"]) CHECK(row.size() == object["source_tokens"].size());
  }
  CHECK(n_best == expected);
  CHECK_THAT(n_best, ContainsSubstring("\n1 |||  ||| 0.000000\n2 ||| "));
}

TEST_CASE("attnzoo-eval scores what attnzoo-translate writes, and a file of translations alike") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  run(folder, "attnzoo-translate --run run --max-length 20 --input text --output translated --quiet");
  const auto scored =
      run(folder, "attnzoo-eval --run run --max-length 20 --source text --reference text --hypotheses-out hypotheses --quiet");
  CHECK(scored.status == 0);
  CHECK(read_file(folder / "hypotheses") == read_file(folder / "translated"));
  const auto metrics = run(folder, "attnzoo-eval metrics --hypothesis hypotheses --reference text");
  CHECK(metrics.status == 0);
  CHECK_THAT(scored.output, ContainsSubstring(metrics.output + "perplexity = ") && ContainsSubstring(" nats per target token, "));
  CHECK_THAT(metrics.output, ContainsSubstring("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0 = ") &&
                                 ContainsSubstring("chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0 = "));
  const auto two = run(folder, "attnzoo-eval --run run --run run --max-length 2 --source text --reference text 2>&1 > scores");
  CHECK(std::ranges::count(two.output, '\n') == 2);
  CHECK_THAT(two.output, !ContainsSubstring("\\n"));
  const auto sampled =
      run(folder, "attnzoo-eval --run run --max-length 2 --source text --reference text --sample --top-k 3 --json 2> closing").output;
  CHECK_THAT(read_file(folder / "closing"), ContainsSubstring(": sampled with seed 1, 60 sentences"));
  CHECK_FALSE(nlohmann::json::parse(sampled).contains("beam"));
  CHECK(nlohmann::json::parse(sampled)["sample"] == nlohmann::json{{"seed", 1}, {"temperature", 1.0}, {"top_k", 3}, {"top_p", 1.0}});
  const auto json =
      nlohmann::json::parse(run(folder, "attnzoo-eval --run run --max-length 20 --source text --reference text --json --quiet").output);
  CHECK(metrics.output.find("BLEU|" + json["bleu"]["signature"].get<std::string>() + json["bleu"]["text"].get<std::string>().substr(4)) ==
        0);
  CHECK(json["sentences"] == 60);
  // References that can be read only once serve several systems.
  const auto both = run(folder, "cat text | attnzoo-eval metrics --hypothesis hypotheses --hypothesis hypotheses --reference -");
  CHECK(both.output == "hypotheses\n" + metrics.output + "hypotheses\n" + metrics.output +
                           "hypotheses against hypotheses: BLEU +0.00 (p = 1.000), chrF2 +0.00 (p = 1.000)\n");
  CHECK(json["perplexity"]["score"].get<double>() > 1);
}

TEST_CASE("attnzoo-translate and attnzoo-eval refuse what they cannot do, and say what they accept") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  folder.file("short", "a\n");
  folder.file("empty", "");
  folder.file("bad", "a\n\xFF\n");
  const auto check = [&](const std::string& command_line, int status, const std::string& message) {
    INFO(command_line);
    const auto outcome = run(folder, command_line + " 2>&1");
    CHECK(outcome.status == status);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
  };
  check("attnzoo-translate --run run --bean 3", 2, "attnzoo-translate: unknown option --bean; did you mean --beam?");
  check("attnzoo-eval scor --run run", 2, "unexpected argument 'scor'; did you mean the command score?");
  check("attnzoo-eval --threads 1 score --run run", 2, "'score' is a command and goes first: attnzoo-eval score ...");
  check("attnzoo-translate --run run --tsv text --source-column -1", 2,
        "attnzoo-translate: --source-column: must be between 0 and 1000000, got -1\nSee: ");
  for (const char* option : {"--explain", "--attention-svg", "--alignments"})
    check(std::string("attnzoo-translate --run run --input text ") + option + " -", 2,
          std::string(option) + ": goes to a file, not to standard output; give its name (./- for one called -)");
  check("attnzoo-eval --run run --source text --reference text --hypotheses-out -", 2, "--hypotheses-out: goes to a file");
  check("attnzoo-eval metrics --hypothesis text --reference text --report -", 2, "--report: goes to a file");
  check("attnzoo-eval metrics --hypothesis text --reference text --report r.html --training-text empty", 1, "empty: holds no words");
  check("attnzoo-translate --input text", 2, "--run is needed: the folder that attnzoo-train wrote");
  check("attnzoo-translate --run run --input text --beam 2 --n-best 3 --batch-size 0", 2,
        "--batch-size: must be between 1 and 100000, got 0");
  check("attnzoo-translate --run run --input text --beam 2 --n-best 3", 2, "--n-best: must be at most beam (2), got 3");
  for (const char* program : {"attnzoo-translate --run run --input text", "attnzoo-eval --run run --source text --reference text"}) {
    check(std::string(program) + " --threads 4294967297", 2, "--threads: must be between 1 and 1024, got 4294967297");
    check(std::string(program) + " --threads 2147483648", 2, "--threads: must be between 1 and 1024, got 2147483648");
    check(std::string(program) + " --beam 9223372036854775807", 2, "--beam: must be between 1 and 1000, got 9223372036854775807");
    check(std::string(program) + " --length-penalty inf", 2, "--length-penalty: must be between 0 and 100, got inf");
  }
  check("attnzoo-translate --run run --input text --run other", 2, "--run: given twice ('run' and 'other'); it takes one value");
  const std::string eval = "attnzoo-eval --run run --source text --reference text ";
  check(eval + "--run other", 1, "other: no such run folder or checkpoint");
  check(eval + "--run run --hypotheses-out h", 2, "--hypotheses-out holds the translations of one run; give one --run");
  check(eval + "--training-text text", 2, "--training-text is for --report; add it");
  check(eval + "--report no/such.html", 1, "no/such.html: cannot be written: the folder no does not exist");
  check(eval + "--report text", 1, "--report");
  check("attnzoo-eval metrics --hypothesis text --hypothesis short --reference text --report r.html", 1,
        "short has 1 line and text has 60 lines");
  CHECK(!std::filesystem::exists(folder / "r.html"));
  check("attnzoo-translate --run run --input text --explain no/such.html", 1, "no/such.html: cannot be written");
  check("attnzoo-translate --run run --input text --explain text", 1, "--explain");
  check("attnzoo-translate --run run --input text --output t --explain t", 1, "t: two outputs have this name");
  check("attnzoo-translate --run run --input text --output t --alignments ./t", 1, "./t: two outputs have this name");
  check(eval + "--report t.html --hypotheses-out t.html", 1, "t.html: two outputs have this name");
  check("attnzoo-train compare run run --out run/checkpoints/last/weights.safetensors", 1, "this is the file that is read");
  check(
      "(cp -r run/checkpoints/step-000010 run/checkpoints/step-000005; "
      "attnzoo-translate --run run --input text --output run/checkpoints/step-000005/weights.safetensors; "
      "code=$?; rm -r run/checkpoints/step-000005; exit $code)",
      1, "this is the file that is read");
  check("attnzoo-translate --run run --input text --explain t --attention-svg t", 1, "t: two outputs have this name");
  check("attnzoo-translate --run run --input text --explain t/line-1.svg --attention-svg ./t", 1, "t/line-1.svg: lies in ");
  check("attnzoo-translate --run run --input text --alignments t/a --attention-svg t", 1, "t/a: lies in ");
  check("mkdir d; { attnzoo-translate --run run --input text --output d/a --attention-svg d; code=$?; rmdir d && (exit $code); } 2>&1", 1,
        "d: is a folder around ");
  check("attnzoo-translate --run run --input text --attention-svg no/svg", 1, "no/svg: cannot be written: the folder no does not exist");
  for (const char* name : {"t", "t.html", "no"}) CHECK(!std::filesystem::exists(folder / name));
  check("head -n 2 text | attnzoo-translate --run run --quiet --explain e.json > o && cat e.json", 0, "{\n \"");
  check("seq 201 | attnzoo-translate --run run --explain e.html", 1, "--explain: the text has more than 200 lines");
  check("attnzoo-translate --run run --input text --attention-view cross.1.1", 2, "--attention-view chooses what");
  check("attnzoo-translate --run run --input text --alignments a --attention-view cros.1", 2, "'cros.1' is not an attention");
  check("attnzoo-translate --run run --input text --alignments a --attention-view cross.9.1", 1, "this model has");
  check("mkdir pictures && touch pictures/mine && attnzoo-translate --run run --input text --attention-svg pictures", 1,
        "pictures: is neither empty nor an unchanged export of this kind (it holds mine)");
  for (const char* name : {"e.html", "a"}) CHECK(!std::filesystem::exists(folder / name));
  check("attnzoo-translate --run run --input text --buffer-lines 0", 2, "--buffer-lines: must be between 1 and 10000000, got 0");
  check("attnzoo-eval metrics --hypothesis text --reference text --chrf-word-order -1", 2,
        "--chrf-word-order: must be between 0 and 20, got -1");
  check("attnzoo-translate --run run --input text --format xml", 2, "--format: unknown format 'xml'; accepted: text, json");
  check("attnzoo-translate --run run --input text --attention", 2, "--attention is written as JSON only; add --format json");
  check("attnzoo-translate --run run --input text --device tpu", 2, "--device: unknown device 'tpu'; accepted: cpu, cuda, cuda:N");
  check("attnzoo-translate --run run --input text --checkpoint lost", 1,
        "run: has no checkpoint 'lost' (did you mean 'last'?); it has: last, step-000010");
  check("attnzoo-translate --run run --input bad --output out", 1, "bad:2: not valid UTF-8 at byte 1");
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
  check("attnzoo-translate --run run --input missing", 1, "missing: no such file");
  check("attnzoo-eval --run run --source text --reference short", 1,
        "text has 60 lines and short has 1 line; line i of one belongs to line i of the other, so equal counts are needed");
  check("attnzoo-eval metrics --hypothesis - --reference - < text", 1,
        "standard input ('-') can be read only once, but is named twice; give a file instead");
  check("attnzoo-eval metrics --hypothesis empty --reference empty", 1, "empty: empty; there is nothing to score");
  check("attnzoo-eval metrics --hypothesis text", 2, "--reference is needed: the file of reference translations");
  check("attnzoo-eval metrics --hypothesis text --reference text --tokenize 13b", 2,
        "--tokenize: unknown tokeniser '13b' (did you mean '13a'?); known tokenisers: 13a, none");
}

TEST_CASE("an interrupted attnzoo-translate leaves no file behind") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  for (const auto& [name, status] : {std::pair{"INT", 130}, std::pair{"HUP", 129}}) {
    // The pipe stays open: the program waits for its next line when the signal comes. By then it has written some.
    const auto outcome = run_bash(folder.path(), fmt::format(R"sh(set -m
mkfifo in; {{ for i in {{1..20}}; do cat text; done; exec sleep 20; }} > in & feeder=$!
attnzoo-translate --run run --max-length 5 --buffer-lines 10 --input - --output out < in 2> message & program=$!
until test -n "$(find . -name '*tmp' -size +0)"; do sleep 0.1; done
kill -{} $program; wait $program; status=$?
kill $feeder; rm in; exit $status)sh",
                                                             name));
    INFO(outcome.output);
    CHECK(outcome.status == status);
    CHECK_THAT(read_file(folder / "message"), Equals("attnzoo-translate: interrupted; not written: out\n"));
    CHECK(run(folder, "ls -A | grep -E 'tmp|^out'").output.empty());
  }
}

TEST_CASE("a message that cannot be written costs nothing but the message") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  const std::string translate = "attnzoo-translate --run run --max-length 5 --threads 1 --input text";
  const auto expected = run(folder, translate + " --quiet");
  REQUIRE(expected.status == 0);
  for (const char* redirection : {" 2>&-", " 2>/dev/full", " <&- 2>&-"}) {
    INFO(redirection);
    const auto outcome = run(folder, translate + redirection);
    CHECK(outcome.status == 0);
    CHECK(outcome.output == expected.output);
  }
  // The messages do not get into the file, which would otherwise be descriptor 1 or 2.
  CHECK(run(folder, translate + " --output out <&- >&- 2>&-").status == 0);
  CHECK(read_file(folder / "out") == expected.output);
  // A message to a pipe without a reader.
  CHECK(run_bash(folder.path(), translate + " --output piped 2> >(exec 0<&-)").status == 0);
  CHECK(read_file(folder / "piped") == expected.output);
  // Standard output that goes away ends the program without a word, as ever.
  const auto head = run_bash(folder.path(), translate + " --buffer-lines 1 --quiet 2> err | head -n 1 > /dev/null; exit ${PIPESTATUS[0]}");
  CHECK(head.status == 128 + SIGPIPE);
  CHECK(read_file(folder / "err").empty());
  CHECK(run(folder, translate + " >&- 2> err").status == 1);
  CHECK_THAT(read_file(folder / "err"), ContainsSubstring("standard output cannot be written"));
}

TEST_CASE("control characters in names and options reach no terminal, and a name cannot split a message") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  const auto missing = run(folder, "attnzoo-translate --run run --input \"$(printf 'a\\033[2J\\nb')\" 2>&1");
  CHECK(missing.status == 1);
  CHECK_THAT(missing.output, ContainsSubstring("attnzoo-translate: error: a\\x1b[2J\\nb: no such file"));
  CHECK(std::ranges::count(missing.output, '\n') == 1);
  CHECK(run(folder, "attnzoo-translate \"$(printf -- '--a\\033b')\" 2>&1").output ==
        "attnzoo-translate: unknown option --a\\x1bb\nSee: attnzoo-translate --help\n");
}

TEST_CASE("JSON lines and TSV given as plain text are warned about once") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  folder.file("x.jsonl", "{\"source\": \"a\"}\n{\"source\": \"b\"}\n");
  folder.file("x.tsv", "a\tb\nb\tc\n");
  const std::string json = "warning: x.jsonl: looks like JSON lines but is read as plain text",
                    tsv = "warning: x.tsv: looks like TSV (2 columns)";
  const auto warned = [&](const std::string& command_line, const std::string& warning) {
    const auto outcome = run(folder, command_line + " 2>&1 > /dev/null");
    INFO(command_line << ": " << outcome.output);
    CHECK(outcome.status == 0);
    const size_t first = outcome.output.find(warning);
    CHECK(first != std::string::npos);
    CHECK(outcome.output.find(warning, first + 1) == std::string::npos);
  };
  warned("attnzoo-translate --run run --max-length 3 --buffer-lines 1 --quiet --input x.jsonl", json);
  warned("attnzoo-translate --run run --max-length 3 --quiet --input x.tsv", tsv);
  warned("attnzoo-eval --run run --max-length 3 --quiet --source x.tsv --reference x.jsonl", tsv);
  warned("attnzoo-eval metrics --hypothesis x.tsv --reference x.jsonl", json);
  CHECK(run(folder, "attnzoo-translate --run run --max-length 3 --quiet --input text 2>&1 > /dev/null").output.empty());
}
