// The program as a user runs it.
#include <torch/types.h>

#include <fstream>

#include "data/files.h"
#include "tests/program.h"
#include "tests/train/tiny_run.h"

#include "tests/catch.h"

namespace attnzoo::test {

using Catch::Matchers::StartsWith;
namespace {

bool program_is_built() { return programs_are_built({"attnzoo-train"}); }

Outcome shell(const TemporaryDirectory& folder, const std::string& command) {
  return run_merged(folder.path(), "export OMP_NUM_THREADS=1; " + command);
}

void write_recipe(const TemporaryDirectory& folder, const nlohmann::json& train) {
  folder.file("recipe.json", tiny_recipe(folder, train).dump());
}

}  // namespace

TEST_CASE("attnzoo-train trains, stops at the limit, and refuses to write over the run") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 4}, {"validate_every", 2}});
  const auto first = shell(folder, "attnzoo-train recipe.json --run run --threads 1 --verbose");
  INFO(first.output);
  REQUIRE(first.status == 0);
  for (const char* part : {"model: transformer with ", "step 4/4  epoch 1  loss ", "validation at step 4: loss ",
                           "finished: max_steps 4 reached", "of the ", "trained 4 steps on "})
    CHECK_THAT(first.output, ContainsSubstring(part));
  const auto again = shell(folder, "attnzoo-train recipe.json --run run");
  CHECK(again.status == 1);
  CHECK(again.output ==
        "attnzoo-train: error: run: already holds a training run; pass --resume to continue it, or choose another folder\n");
  const auto longer = shell(folder, "attnzoo-train --run run --resume --set train.max_steps=6 --quiet");
  CHECK(longer.output == "");
  CHECK(std::filesystem::exists(folder / "run/checkpoints/step-000006"));
  CHECK_THAT(shell(folder, "attnzoo-train shwo run").output, ContainsSubstring("did you mean the command show?"));
  CHECK_THAT(shell(folder, "attnzoo-train show run nowhere").output, ContainsSubstring("nowhere: is no run: it has no log.jsonl") &&
                                                                         ContainsSubstring("; passed over") &&
                                                                         ContainsSubstring("run: transformer with "));
  const auto compared = shell(folder, "attnzoo-train compare run --out page.html");
  CHECK(compared.status == 2);
  CHECK_THAT(compared.output, ContainsSubstring("give the folders of two or more runs"));
  CHECK_THAT(shell(folder, "attnzoo-train compare run nowhere --out page.html").output, ContainsSubstring("nowhere: is no run"));
  CHECK_FALSE(std::filesystem::exists(folder / "page.html"));
  CHECK(shell(folder, "attnzoo-train compare run run --out page.html").output == "page.html: written, with 2 runs\n");
  const auto nothing = shell(folder, "attnzoo-train --run run --resume");
  CHECK(nothing.status == 0);
  CHECK_THAT(nothing.output, ContainsSubstring("nothing was left to do: max_steps 6 reached; to train longer, move that limit, for example "
                                               "with --set train.max_steps=12\n") &&
                                 ContainsSubstring("train longer: attnzoo-train --run run --resume --set train.max_steps=12\n"));
}

TEST_CASE("A finished training prints the command that moves the limit which ended it") {
  if (!program_is_built()) return;
  for (const auto& [limit, option] : {std::pair{R"({"max_epochs": 1, "max_steps": 0})", "--set train.max_epochs=2"},
                                      std::pair{R"({"max_time": "1s", "max_steps": 0, "learning_rate": 1e-9})", "--max-time "},
                                      std::pair{R"({"max_steps": 0, "learning_rate": 1e-30, "validate_every": 1,
                                                    "early_stopping": {"patience": 2}})",
                                                "--override --set train.early_stopping.patience=4"}}) {
    const TemporaryDirectory folder;
    write_recipe(folder, nlohmann::json::parse(limit));
    const auto first = shell(folder, "attnzoo-train recipe.json --run run --threads 1");
    INFO(first.output);
    REQUIRE(first.status == 0);
    const std::string before = "train longer: attnzoo-train --run run --resume ";
    const auto place = first.output.find(before + option);
    REQUIRE(place != std::string::npos);
    const auto command = first.output.substr(place + 14, first.output.find('\n', place) - place - 14);
    const auto longer = shell(folder, command + " --threads 1");
    INFO(longer.output);
    CHECK(longer.status == 0);
    CHECK_THAT(longer.output, !ContainsSubstring("nothing was left"));
  }
}

TEST_CASE("Ctrl-C saves, prints the command that resumes and exits with 130; SIGTERM with 143, SIGHUP with 129") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 0}, {"validate_every", 1000000}});
  for (const auto& [name, status] : {std::pair{"INT", 130}, std::pair{"TERM", 143}, std::pair{"HUP", 129}}) {
    const std::string run = std::string("run") + name;
    const auto outcome = run_bash(folder.path(), fmt::format(R"(set -m; export OMP_NUM_THREADS=1
attnzoo-train recipe.json --run {0} & pid=$!
until grep -q train {0}/log.jsonl 2>/dev/null; do sleep 0.05; done
kill -{1} $pid; wait $pid)",
                                                             run, name));
    INFO(outcome.output);
    CHECK(outcome.status == status);
    CHECK_THAT(outcome.output,
               ContainsSubstring("\nstopped\n") && ContainsSubstring("to resume: attnzoo-train --run " + run + " --resume\n"));
    CHECK(std::filesystem::exists(folder / (run + "/checkpoints/last/manifest.json")));
  }
}

TEST_CASE("the command that resumes can be pasted: quoted, with the threads and the device that were given") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 0}, {"validate_every", 1000000}});
  const auto outcome = run_bash(folder.path(), R"(set -m; export OMP_NUM_THREADS=1
attnzoo-train recipe.json --run "it's a run" --threads 1 --device cpu & pid=$!
until grep -q train "it's a run/log.jsonl" 2>/dev/null; do sleep 0.05; done
kill -INT $pid; wait $pid)");
  INFO(outcome.output);
  const std::string intro = "to resume: ";
  const size_t begin = outcome.output.find(intro);
  REQUIRE(begin != std::string::npos);
  const std::string command = outcome.output.substr(begin + intro.size(), outcome.output.find('\n', begin) - begin - intro.size());
  CHECK(command == "attnzoo-train --run 'it'\\''s a run' --resume --threads 1 --device cpu");
  CHECK(shell(folder, command + " --set train.max_steps=1").status == 0);
}

TEST_CASE("training survives the loss of everybody who reads its messages") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 4}, {"validate_every", 2}, {"report_every", 1}});
  int run = 0;
  for (const std::string redirection : {"2>&-", "2>/dev/full", "<&- >&- 2>&-", "2> >(exec 0<&-)"}) {
    const std::string name = "run" + std::to_string(run++);
    INFO(redirection);
    CHECK(run_bash(folder.path(), "attnzoo-train recipe.json --run " + name + " --threads 1 " + redirection).status == 0);
    CHECK(std::filesystem::exists(folder / (name + "/checkpoints/step-000004/manifest.json")));
    CHECK(read_file(folder / (name + "/log.jsonl")).starts_with("{"));
  }
  // Reports that cannot be written are missed once, training goes on, and the exit status tells.
  const auto reports = run_shell(
      folder.path(), "OMP_NUM_THREADS=1 attnzoo-train recipe.json --run full --threads 1 --quiet --log-format json 2>&1 >/dev/full");
  CHECK(reports.status == 1);
  CHECK(reports.output ==
        "attnzoo-train: standard output cannot be written: No space left on device; training continues without reports there\n");
  CHECK(std::filesystem::exists(folder / "full/checkpoints/step-000004/manifest.json"));
}

TEST_CASE("Ctrl-C saves although it also ends the program that reads the messages") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 0}, {"validate_every", 1000000}, {"report_every", 1}});
  // The reader goes first, as tee does.
  const auto outcome = run_bash(folder.path(), R"(set -m; export OMP_NUM_THREADS=1
mkfifo log; cat log > /dev/null & reader=$!
attnzoo-train recipe.json --run run --threads 1 > log 2>&1 & pid=$!
until grep -q train run/log.jsonl 2>/dev/null; do sleep 0.05; done
kill $reader; sleep 0.5; kill -INT $pid; wait $pid)");
  INFO(outcome.output);
  CHECK(outcome.status == 130);
  CHECK(std::filesystem::exists(folder / "run/checkpoints/last/manifest.json"));
}

TEST_CASE("resuming refuses another configuration with both values unless told to override") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 2}, {"validate_every", 100}, {"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}});
  REQUIRE(shell(folder, "attnzoo-train recipe.json --run run").status == 0);
  const auto refused = shell(folder, "attnzoo-train recipe.json --run run --resume --set train.learning_rate=0.5 --set train.max_steps=4");
  CHECK(refused.status == 1);
  CHECK(refused.output ==
        "attnzoo-train: error: run: the run has another configuration:\n  train.learning_rate: 0.003 in the run, 0.5 now\n"
        "  omit the recipe and --set to resume it unchanged, or add --override\n");
  const auto overridden =
      shell(folder, "attnzoo-train recipe.json --run run --resume --override --set train.learning_rate=0.5 --set train.max_steps=4");
  CHECK(overridden.status == 0);
  CHECK_THAT(overridden.output, ContainsSubstring("override: train.learning_rate: 0.003 in the run, 0.5 now"));
  CHECK_THAT(read_file(folder / "run/config.json"), ContainsSubstring("\"learning_rate\": 0.5"));
}

TEST_CASE("resuming with a field that cannot act is refused by its name before any tensor is compared, with --override too") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 2}, {"validate_every", 100}});
  REQUIRE(shell(folder, "attnzoo-train recipe.json --run run --quiet").status == 0);
  const auto config = read_file(folder / "run/config.json");
  const std::string begin = "attnzoo-train: error: run: resuming cannot change these fields:\n  ",
                    end = "  omit them to resume the run, or start a new run with them\n";
  for (const std::string recipe : {"", "recipe.json "}) {
    const auto resumed = [&](const std::string& flags) {
      const auto outcome = shell(folder, "attnzoo-train " + recipe + "--run run --resume --override " + flags);
      CHECK(outcome.status == 1);
      return outcome.output;
    };
    CHECK(resumed("--set model.dim=512") == begin + "model.dim: 128 in the run, 512 now (the weights belong to it)\n" + end);
    CHECK(resumed("--set model.encoder_layers=2") ==
          begin + "model.encoder_layers: 4 in the run, 2 now (the weights belong to it)\n" + end);
    CHECK(resumed("--set data.tokenizer.vocabulary_size=50 --set train.seed=7") ==
          begin +
              "data.tokenizer.vocabulary_size: 40 in the run, 50 now (the tokenisers are those of the checkpoint)\n"
              "  train.seed: 1 in the run, 7 now (the order of the data depends on it)\n" +
              end);
  }
  CHECK(read_file(folder / "run/config.json") == config);
  // The names of earlier versions, in a run as well.
  CHECK(shell(folder, "attnzoo-train --run run --resume --override --set model.model_dim=512").output ==
        begin + "model.dim: 128 in the run, 512 now (the weights belong to it)\n" + end);
  auto old = nlohmann::json::parse(config);
  CHECK(old["model"].contains("dim"));
  // What acts is taken: a shared dropout in place of those of the parts.
  const auto dropout = shell(folder, "attnzoo-train --run run --resume --override --set model.dropout=0.25 --set train.max_steps=3");
  INFO(dropout.output);
  CHECK(dropout.status == 0);
  CHECK_THAT(dropout.output, ContainsSubstring("override: model.dropout: 0.1 in the run, 0.25 now"));
  const auto preset = shell(folder, "attnzoo-train --run run --resume --override --set model.preset=base");
  CHECK(preset.status == 1);
  CHECK_THAT(preset.output, ContainsSubstring("model.dim: "));
}

TEST_CASE("what is wrong with a model section is said before the text is read and before the run folder is made") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {});
  std::filesystem::remove(folder / "train.in");  // the text is not there
  const auto check = [&](const std::string& settings, const std::string& expected) {
    for (const std::string mode : {"--run r", "--print-config"}) {
      const auto outcome = shell(folder, "attnzoo-train recipe.json " + mode + " " + settings);
      INFO(settings);
      CHECK(outcome.status == 1);
      CHECK_THAT(outcome.output, StartsWith("attnzoo-train: error: " + expected));
    }
  };
  check("--set model.presett=tiny", "model.presett: unknown key (did you mean 'preset'?)");
  check("--set 'model={\"famly\": \"transformer\"}'", "model.famly: unknown key (did you mean 'family'?); known families: ");
  for (const char* value : {"[]", "{}", "null", "3", "true", "tiny", "[1]", "{\"encoder\":[]}", "{\"encoder\":{}}", "{\"family\":[]}"}) {
    const auto outcome = shell(folder, std::string("attnzoo-train recipe.json --print-config --set 'model=") + value + "'");
    INFO(value);
    CHECK(outcome.status == 1);
    CHECK_THAT(outcome.output, ContainsSubstring("model.family: the name of a model family is missing; known families: "));
  }
  check("--set train.batch_tokens=64", "train.batch_tokens: unknown key (did you mean 'train.batch.batch_tokens'?); known keys: ");
  check("--set data.vocab_size=64", "data.vocab_size: unknown key (did you mean 'data.tokenizer.vocabulary_size'?); known keys: ");
  check("--set model.hidden_size=64", "model.hidden_size: unknown key (did you mean 'dim'?); known keys: activation, ");
  check("--set model.copy=true --set data.tokenizer.joint=false",
        "model.copy: copies ids of the source into the target, but each side has its own vocabulary; set data.tokenizer.joint to true");
  check("--set model.family=attention-gru --set model.readout_dim=99 --set model.tied_embeddings=decoder",
        "model.tied_embeddings: 'decoder' needs the embeddings (128) as wide as the output layer's input (99)");
  check("--set model.family=attention-gru --set model.attention=dot --set model.decoder_dim=32",
        "model.attention: the dot score compares decoder (32) and memory (256) as they are");
  check("--set data.tokenizer.kind=bpe", "data.tokenizer.kind: unknown value 'bpe' (did you mean 'sentencepiece-bpe'?); accepted: ");
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
  CHECK_FALSE(std::filesystem::exists(folder / "prepared"));
  // A recipe of an earlier version is as good as ever.
  const auto old = shell(folder, "attnzoo-train recipe.json --print-config --set model.model_dim=64");
  CHECK(old.status == 0);
  CHECK(nlohmann::json::parse(old.output)["model"]["dim"] == 64);
}

TEST_CASE("training that diverges ends with a message and exit status 1, and prints no loss of 0") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 5}, {"validate_every", 0}, {"report_every", 1}});
  const std::string flags = " --set train.learning_rate=1e10 --set train.schedule.kind=constant --set train.schedule.warmup_steps=0";
  const auto outcome = shell(folder, "attnzoo-train recipe.json --run run" + flags);
  INFO(outcome.output);
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.output, ContainsSubstring("step 5/5  epoch 1  no finite step  lr 1.0e+10") &&
                                 ContainsSubstring("attnzoo-train: error: training diverged at step 5: the loss or its gradient was not "
                                                   "finite in the last ") &&
                                 ContainsSubstring("lower train.learning_rate (10000000000) or train.clip_norm (1), then start again"));
  CHECK_THAT(outcome.output, !ContainsSubstring("loss 0.000") && !ContainsSubstring("finished"));
  CHECK_FALSE(std::filesystem::exists(folder / "run/checkpoints/last"));
  const auto json = shell(folder, "attnzoo-train recipe.json --run run2 --log-format json --quiet 2>/dev/null" + flags);
  CHECK_THAT(json.output, ContainsSubstring("\"loss\":null,"));
}

TEST_CASE("--print-config prints a recipe that prints itself") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {});
  const auto first = shell(folder, "attnzoo-train recipe.json --print-config --max-time 50m --set model.dropout=0.25");
  REQUIRE(first.status == 0);
  const auto config = nlohmann::json::parse(first.output);
  CHECK(config["train"]["max_time"] == 3000);
  CHECK(config["model"]["dropout"] == 0.25);
  CHECK(config["train"]["schedule"]["kind"] == "inverse_sqrt");
  folder.file("printed.json", first.output);
  CHECK(shell(folder, "attnzoo-train printed.json --print-config").output == first.output);
}

TEST_CASE("--log-format json prints the lines of log.jsonl on standard output") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {{"max_steps", 4}, {"validate_every", 2}, {"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}});
  const auto outcome = shell(folder, "attnzoo-train recipe.json --run run --log-format json --report-every 2 --quiet 2>/dev/null");
  CHECK(outcome.output == read_file(folder / "run/log.jsonl"));
  std::istringstream lines(outcome.output);
  std::string events;
  for (std::string line; std::getline(lines, line);) events += nlohmann::json::parse(line)["event"].get<std::string>() + " ";
  CHECK(events == "start train validation train validation end ");
}

TEST_CASE("bad command lines and recipes of attnzoo-train are answered with what is accepted") {
  if (!program_is_built()) return;
  const TemporaryDirectory folder;
  write_recipe(folder, {});
  const auto check = [&](const std::string& arguments, int status, const std::string& part) {
    const auto outcome = shell(folder, "attnzoo-train " + arguments);
    INFO(arguments << ": " << outcome.output);
    CHECK(outcome.status == status);
    CHECK_THAT(outcome.output, ContainsSubstring(part));
  };
  check("", 2, "attnzoo-train: --run DIR is needed: the folder to write checkpoints and the log to");
  check("--run r", 2, "attnzoo-train: a RECIPE.json is needed");
  check("recipe.json --run r --thread 2", 2, "unknown option --thread; did you mean --threads?");
  check("recipe.json --run r --threads 0", 2, "--threads: must be between 1 and 1024, got 0");
  check("recipe.json --run r --device gpu", 2, "--device: unknown device 'gpu'; accepted: cpu, cuda, cuda:N");
  check("recipe.json --run r --threads 4294967297", 2, "--threads: must be between 1 and 1024, got 4294967297");
  check("recipe.json --run r --report-every 0", 2, "--report-every: must be between 1 and 1000000000, got 0");
  check("recipe.json --run r --run s", 2, "--run: given twice ('r' and 's'); it takes one value");
  check("recipe.json --run r --max-steps 100", 2, "unknown option --max-steps: a field of the recipe; use --set train.max_steps=100");
  check("recipe.json --run r --lr=0.1", 2, "use --set train.learning_rate=0.1");
  check("recipe.json --run r --vocab-size 4000", 2, "use --set data.tokenizer.vocabulary_size=4000");
  check("recipe.json --run r --dropout 0.3", 2, "use --set model.dropout=0.3");
  check("recipe.json --run r --seed 3", 2, "use --set train.seed=3");
  check("recipe.json --run r --epochs 3", 2, "use --set train.max_epochs=3");
  check("recipe.json --run r --source a.en", 2, "use --set data.train.source=a.en");
  check("recipe.json --run r --log-format xml", 2, "--log-format: 'xml' is unknown; use text or json");
  check("recipe.json --run r --max-time soon", 1, "train.max_time: 'soon' is not a time; write seconds (90), 90s, 50m, 2h or 1h30m");
  check("none.json --run r", 1, "none.json: no such file");
  check("recipe.json --run r --set train.lerning_rate=1", 1, "train.lerning_rate: unknown key (did you mean 'learning_rate'?)");
  check("recipe.json --run r --set task=translate --set modle=1", 1, "task: unknown value 'translate' (did you mean 'translation'?)");
  check("recipe.json --run r --set model.family=transformr", 1, "did you mean 'transformer'?");
  check("recipe.json --run r --set 'data={}'", 1, "data.train: missing; name the training text");
  check("recipe.json --run r --set 'data.valid={}' --set train.early_stopping.patience=2", 1,
        "train.early_stopping: needs validation text, but data.valid is empty");
  check("--run none --resume", 1, "none: no such run folder; start one without --resume");
  check("--help", 0, "--run runs/first --resume");
  check("--list-models", 0, "transformer");
  check("--version", 0, "LibTorch");
  CHECK_FALSE(std::filesystem::exists(folder / "r"));
}

}  // namespace attnzoo::test
