// TSV and JSON lines through attnzoo-translate and attnzoo-eval: what they read, and that they write it back with one field more.
#include <nlohmann/json.hpp>

#include "data/files.h"
#include "data/text_reader.h"
#include "tests/eval/untrained_run.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

// A run of a model with three labels or of a language model, over the words a to h.
void make_small_run(const TemporaryDirectory& folder, const std::string& name, const nlohmann::json& model) {
  CheckpointContents contents;
  TokenizerConfig words;
  words.kind = "words";
  contents.tokenizers.source = contents.tokenizers.target = train_tokenizer(words, std::vector<std::string>{"a", "b", "c", "d", "e"});
  const bool labels = model["family"] == "bag-of-words";
  if (labels) {
    words.kind = "labels";
    contents.tokenizers.target = train_tokenizer(words, std::vector<std::string>{"news", "sport", "weather"});
  }
  contents.config["model"] = complete_model_config(model);
  torch::manual_seed(5);
  contents.weights =
      model_weights(*build_model(contents.config["model"], {contents.tokenizers.source->vocabulary_size(),
                                                            contents.tokenizers.target->vocabulary_size(), contents.tokenizers.joint()}));
  const auto checkpoint = folder / (name + "/checkpoints/step-000010");
  std::filesystem::create_directories(checkpoint.parent_path());
  save_checkpoint(checkpoint, contents);
  point_to_checkpoint(folder / name, "last", checkpoint);
}

}  // namespace

TEST_CASE("JSON lines and TSV are translated as plain text is, and come back whole with the translation added", "[text-forms]") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  folder.file("plain", "a b c\n\nb \"a\"\n");
  const std::vector<std::string> objects = {R"({ "id":1.50 , "doc": {"en": "a b c"}, "x": [1, 2]} )", R"({"doc":{"en":""}})",
                                            R"({"doc":{"en":"b \"a\""},"doc.fr":null,"\u00e9":"\u00e9"}  )"};
  folder.file("text.jsonl", objects[0] + "\n" + objects[1] + "\n" + objects[2] + "\n");
  folder.file("text.tsv", "7\ta b c\n8\t\n9\tb \"a\"\textra\n");
  const std::string common = "attnzoo-translate --run run --max-length 8 --quiet ";
  const auto plain = lines_of(run(folder, common + "--input plain").output);
  REQUIRE(plain.size() == 3);

  const auto json = lines_of(run(folder, common + "--jsonl text.jsonl --source-field doc.en --output-field fr").output);
  REQUIRE(json.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    const size_t end = objects[i].rfind('}');
    CHECK(json[i] == objects[i].substr(0, end) + ",\"fr\":" + nlohmann::json(plain[i]).dump() + objects[i].substr(end));
  }
  const auto tsv = lines_of(run(folder, common + "--tsv text.tsv --source-column 1").output);
  CHECK(tsv == std::vector<std::string>{"7\ta b c\t" + plain[0], "8\t\t", "9\tb \"a\"\textra\t" + plain[2]});

  // By a pipe, gzipped, several of each, and with all there is to say.
  CHECK(lines_of(run(folder, "gzip -c text.jsonl | " + common + "--jsonl - --source-field doc.en --output-field fr").output) == json);
  const auto n_best = lines_of(run(folder, common + "--n-best 2 --jsonl text.jsonl --source-field doc.en").output);
  CHECK(nlohmann::json::parse(n_best[0])["translation"].size() == 2);
  CHECK(nlohmann::json::parse(n_best[0])["translation"][0] == plain[0]);
  CHECK(std::ranges::count(lines_of(run(folder, common + "--n-best 2 --tsv text.tsv --source-column 1").output)[1], '\t') == 3);
  const auto full = lines_of(run(folder, common + "--format json --attention --jsonl text.jsonl --source-field doc.en").output);
  CHECK(nlohmann::json::parse(full[0])["translation"]["text"] == plain[0]);
  CHECK(nlohmann::json::parse(full[0])["translation"]["attention"].size() ==
        nlohmann::json::parse(full[0])["translation"]["tokens"].size());
  CHECK(nlohmann::json::parse(full[0])["id"] == 1.5);
}

TEST_CASE("attnzoo-eval scores the two sides of TSV and JSON lines as it scores two files", "[text-forms]") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  std::string tsv, json;
  for (const auto& line : read_lines((folder / "text").string())) {
    tsv += line + "\t" + line + "\n";
    json += nlohmann::json{{"src", line}, {"ref", line}}.dump() + "\n";
  }
  folder.file("t.tsv", tsv);
  folder.file("t.jsonl", json);
  const std::string eval = "attnzoo-eval --run run --max-length 8 --quiet ";
  const auto expected = run(folder, eval + "--source text --reference text --hypotheses-out h").output;
  CHECK_THAT(expected, ContainsSubstring("BLEU|"));
  CHECK(run(folder, eval + "--tsv t.tsv --hypotheses-out h.tsv").output == expected);
  CHECK(run(folder, eval + "--jsonl - --source-field src --target-field ref --hypotheses-out h.jsonl < t.jsonl").output == expected);
  const auto hypotheses = read_lines((folder / "h").string()), columns = read_lines((folder / "h.tsv").string()),
             objects = read_lines((folder / "h.jsonl").string()), text = read_lines((folder / "text").string());
  REQUIRE(objects.size() == 60);
  for (size_t i = 0; i < 60; ++i) {
    CHECK(columns[i] == text[i] + "\t" + text[i] + "\t" + hypotheses[i]);
    CHECK(nlohmann::json::parse(objects[i]) == nlohmann::json{{"src", text[i]}, {"ref", text[i]}, {"hypothesis", hypotheses[i]}});
  }
  const auto metrics = run(folder, "attnzoo-eval metrics --hypothesis h --reference text").output;
  CHECK(run(folder, "attnzoo-eval metrics --jsonl h.jsonl --target-field ref").output == metrics);
  CHECK(run(folder, "attnzoo-eval metrics --tsv h.tsv --hypothesis-column 2 --target-column 1").output == metrics);
  CHECK(run(folder, "attnzoo-eval metrics --tsv h.tsv --hypothesis-column 2 --target-column 1 --source-column 0 --report r.json").output ==
        metrics);
  CHECK(nlohmann::json::parse(read_file(folder / "r.json"))["sources"].size() == 60);
}

TEST_CASE("attnzoo-eval score gives each pair the log-probability of its tokens", "[text-forms]") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  make_small_run(folder, "lm", {{"family", "language-model"}, {"preset", "tiny"}});
  make_small_run(folder, "labels", {{"family", "bag-of-words"}, {"preset", "tiny"}});
  const auto texts = lines_of(run(folder, "attnzoo-eval score --run run --source text --reference text --quiet").output);
  REQUIRE(texts.size() == 60);
  const auto objects =
      lines_of(run(folder, "attnzoo-eval score --run run --source text --reference text --quiet --format json --tokens").output);
  double sum = 0;
  int64_t num_tokens = 0;
  for (size_t i = 0; i < 60; ++i) {
    const auto object = nlohmann::json::parse(objects[i]);
    double of_pieces = 0;
    for (const double score : object["piece_log_probabilities"]) of_pieces += score;
    CHECK(of_pieces == Approx(object["log_probability"].get<double>()).margin(1e-4));
    CHECK(object["pieces"].size() == object["tokens"]);
    CHECK(object["pieces"].back() == "</s>");
    CHECK(texts[i].starts_with(fmt::format("{:.6f}\t{}\t", object["log_probability"].get<double>(), object["tokens"].get<int64_t>())));
    sum += object["log_probability"].get<double>();
    num_tokens += object["tokens"].get<int64_t>();
  }
  const auto whole = nlohmann::json::parse(run(folder, "attnzoo-eval --run run --source text --reference text --json --quiet").output);
  CHECK(whole["perplexity"]["loss"].get<double>() == Approx(-sum / static_cast<double>(num_tokens)).epsilon(1e-5));

  folder.file("lm.txt", "a b\n\nc q\n");
  const auto surprise = lines_of(run(folder, "attnzoo-eval score --run lm --text lm.txt --format json --tokens --quiet").output);
  REQUIRE(surprise.size() == 3);
  CHECK(nlohmann::json::parse(surprise[0])["pieces"] == nlohmann::json{"a", "b", "</s>"});
  CHECK(nlohmann::json::parse(surprise[1])["tokens"] == 1);
  // The same text as the source of JSON lines and TSV, which need no target.
  folder.file("lm.jsonl", "{\"source\": \"a b\"}\n{\"source\": \"\"}\n{\"source\": \"c q\"}\n");
  folder.file("lm.tsv", "1\ta b\n2\t\n3\tc q\n");
  const auto as_json = lines_of(run(folder, "attnzoo-eval score --run lm --jsonl lm.jsonl --tokens --quiet").output);
  REQUIRE(as_json.size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(nlohmann::json::parse(as_json[i])["score"] == nlohmann::json::parse(surprise[i]));
  CHECK(run(folder, "attnzoo-eval score --run lm --tsv lm.tsv --source-column 1 --quiet").output ==
        run(folder, "attnzoo-eval score --run lm --text lm.txt --quiet | paste lm.tsv -").output);
  CHECK(run(folder, "attnzoo-eval --run lm --tsv lm.tsv --source-column 1 --quiet").output ==
        run(folder, "attnzoo-eval --run lm --text lm.txt --quiet").output);
  const auto whole_lm = nlohmann::json::parse(run(folder, "attnzoo-eval --run lm --text lm.txt --json --quiet").output);
  CHECK_FALSE(whole_lm.contains("beam"));
  const auto refused = [&](const std::string& command_line, const std::string& message) {
    const auto outcome = run_merged(folder.path(), command_line);
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
  };
  refused("attnzoo-eval score --run lm --source lm.txt --reference text",
          "is a language model; give its text with --text, --tsv or --jsonl");
  refused("attnzoo-eval score --run lm --tsv lm.tsv --target-column 1",
          "which scores the source; omit it, or name the text with --source-column");
  refused("attnzoo-eval score --run lm --tsv lm.tsv --text lm.txt", "--text, --tsv and --jsonl are three forms of text; give one of them");
  refused("attnzoo-eval --run lm --text lm.txt --hypotheses-out h", "--hypotheses-out: a language model's text is scored, and nothing");
  refused("attnzoo-eval --run lm --text lm.txt --sample", "--sample: a language model's text is scored, and nothing");
  refused("attnzoo-eval --run labels --tsv lm.tsv --lowercase", "--lowercase: is for BLEU and chrF, which only translations have; omit it");
  refused("attnzoo-translate --run lm --input lm.txt --format json --attention", "a source, which a language model does not have");

  folder.file("labelled.jsonl", R"({"source": "a b", "target": "sport"})"
                                "\n"
                                R"({"source": "c", "target": "news"})"
                                "\n");
  const auto labels = lines_of(run(folder, "attnzoo-eval score --run labels --jsonl labelled.jsonl --quiet").output);
  REQUIRE(labels.size() == 2);
  const auto score = nlohmann::json::parse(labels[0])["score"];
  CHECK(score["probability"].get<double>() == Approx(std::exp(score["log_probability"].get<double>())).margin(1e-5));
}

TEST_CASE("A classifier lists all its labels with their probabilities, and its lines are texts", "[text-forms]") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_small_run(folder, "labels", {{"family", "bag-of-words"}, {"preset", "tiny"}});
  folder.file("text", "a b\nc\n");
  const auto all = run(folder, "attnzoo-translate --run labels --input text --n-best 10 2>&1");
  INFO(all.output);
  const auto lines = lines_of(all.output);
  double sum = 0;
  for (const auto& line : lines)
    if (line.starts_with("0 ||| ")) sum += std::stod(line.substr(line.rfind("||| ") + 4));
  CHECK(sum == Approx(1).margin(1e-5));
  for (const char* label : {" sport ", " news ", " weather "}) CHECK_THAT(all.output, ContainsSubstring(label));
  CHECK_THAT(all.output, ContainsSubstring("2 texts, ") && ContainsSubstring(" texts/s") && !ContainsSubstring("sentence"));
  const auto json =
      nlohmann::json::parse(lines_of(run(folder, "attnzoo-translate --run labels --input text --quiet --format json").output)[0]);
  CHECK(json["probability"].get<double>() == Approx(std::exp(json["log_probability"].get<double>())).margin(1e-5));
  // Scoring gives each label the probability that the list gives it.
  const auto scores = lines_of(
      run(folder, R"(for l in news sport weather; do printf 'a b\t%s\n' $l; done | attnzoo-eval score --run labels --tsv - --quiet)")
          .output);
  REQUIRE(scores.size() == 3);
  for (const auto& line : scores) {
    const size_t end = line.find('\t', 4);
    const std::string entry = fmt::format("0 ||| {} ||| ", line.substr(4, end - 4));
    const size_t found = all.output.find(entry);
    REQUIRE(found != std::string::npos);
    CHECK(std::stod(all.output.substr(found + entry.size())) == Approx(std::exp(std::stod(line.substr(end + 1)))).margin(2e-6));
  }
  CHECK(lines_of(run(folder, R"(printf 'a b\tunseen\n' | attnzoo-eval score --run labels --tsv - --quiet)").output).size() == 1);
  folder.file("labelled.tsv", "a b\tsport\nc\tnews\n");
  const auto scored = run(folder, "attnzoo-eval --run labels --tsv labelled.tsv 2>&1").output;
  CHECK_THAT(scored, ContainsSubstring("accuracy = ") && !ContainsSubstring("beam") && !ContainsSubstring("sentence"));
  CHECK(nlohmann::json::parse(run(folder, "attnzoo-eval --run labels --tsv labelled.tsv --json --quiet").output)["texts"] == 2);
}

TEST_CASE("Wrong TSV and JSON lines are refused with file and line, and nothing is written", "[text-forms]") {
  if (!have_programs()) return;
  const TemporaryDirectory folder;
  make_run(folder);
  folder.file("text.jsonl", "{\"source\": \"a\", \"translation\": 1}\n");
  folder.file("blank.jsonl", "{\"source\": \"a\"}\n\n");
  folder.file("list.jsonl", "{\"source\": [1]}\n");
  folder.file("narrow.tsv", "a\tb\na\n");
  const auto check = [&](const std::string& command_line, int status, const std::string& message) {
    INFO(command_line);
    const auto outcome = run(folder, command_line + " --run run --quiet 2>&1");
    CHECK(outcome.status == status);
    CHECK_THAT(outcome.output, ContainsSubstring(message));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  };
  const std::string translate = "attnzoo-translate --output out ";
  check(translate + "--jsonl text.jsonl", 1, "text.jsonl:1: has a field 'translation' already; choose another name with --output-field");
  check(translate + "--jsonl text.jsonl --output-field t --source-field body", 1,
        "text.jsonl:1: has no field 'body'; its fields: source, translation");
  check(translate + "--jsonl blank.jsonl", 1, "blank.jsonl:2: is blank");
  check(translate + "--jsonl list.jsonl", 1, "list.jsonl:1: the field 'source' must be a string, got array");
  check(translate + "--tsv narrow.tsv --source-column 1", 1, "narrow.tsv:2: has 1 column, but column 1 is needed");
  check(translate + "--tsv missing.tsv", 1, "missing.tsv: no such file");
  check(translate + "--tsv narrow.tsv --jsonl text.jsonl", 2, "--tsv and --jsonl are two forms of text; give one of them");
  check(translate + "--tsv narrow.tsv --input text", 2, "--input is plain text; omit it beside --jsonl and --tsv");
  check(translate + "--input text --source-column 1", 2, "--source-column is for --tsv; add it");
  check(translate + "--tsv narrow.tsv --source-field x", 2, "--source-field is for --jsonl; add it");
  check(translate + "--tsv narrow.tsv --source-column -1", 2, "--source-column: must be between 0 and 1000000, got -1");
  check(translate + "--tsv narrow.tsv --output-field x", 2, "--output-field names a field of JSON lines; give them with --jsonl");
  check(translate + "--tsv narrow.tsv --format json", 2, "--format json: a translation becomes a column of TSV");
  check("attnzoo-translate --tsv narrow.tsv --output narrow.tsv", 1, "narrow.tsv");
  check("attnzoo-translate --input text.jsonl", 0,
        "text.jsonl: looks like JSON lines but is read as plain text, one sentence per line; "
        "give it with --jsonl");
  const std::string eval = "attnzoo-eval --hypotheses-out out ";
  check(eval + "--tsv narrow.tsv --source text", 2, "--tsv and --jsonl hold both sides of the test set; omit --source and --reference");
  folder.file("pair.tsv", "a\tb\n");
  for (const char* option : {" --report ", " --hypotheses-out "})
    check(std::string("attnzoo-eval --tsv pair.tsv") + option + "pair.tsv", 1, "pair.tsv");
  CHECK(read_file(folder / "pair.tsv") == "a\tb\n");
  check(eval + "--tsv narrow.tsv", 1, "narrow.tsv:2: has 1 column, but column 1 is needed");
  check(eval + "--jsonl text.jsonl --target-field translation --output-field source", 1, "has a field 'source' already");
  check("attnzoo-eval --source text --reference text --output-field x", 2,
        "--output-field names the field that --hypotheses-out of --jsonl gets");
  check("attnzoo-eval score --source text --reference text --output-field x", 2, "--output-field names a field of JSON lines");
  check("attnzoo-eval score --output out --tsv narrow.tsv --tokens", 2, "--tokens is written as JSON only; add --format json");
  check("attnzoo-eval score --output out --text text", 2, "--text is for language models; run/checkpoints/");
}

}  // namespace attnzoo::test
