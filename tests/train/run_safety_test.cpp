// attnzoo-train against everything that may cost a user his work: two at once, links, copies, a full disk, refused starts.
#include <sys/mount.h>
#include <torch/types.h>
#include <unistd.h>

#include "data/file_list.h"
#include "data/files.h"
#include "tests/program.h"
#include "tests/train/tiny_run.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

Outcome train(const TemporaryDirectory& folder, const std::string& command) {
  return run_merged(folder.path(), "export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE; " + command);
}

// A recipe without decoding at the validations, and with its data inside the run.
nlohmann::json quick_recipe(const TemporaryDirectory& folder, const nlohmann::json& fields) {
  auto recipe = tiny_recipe(folder, {{"max_steps", 4}, {"validate_every", 2}, {"valid_decode", {{"beam", 0}}}, {"best_metric", "loss"}});
  recipe["data"].erase("cache");
  if (!fields.is_null()) recipe["train"].update(fields);
  folder.file("recipe.json", recipe.dump());
  return recipe;
}

}  // namespace

TEST_CASE("a second attnzoo-train in a run folder is refused at once with the process, and the first one loses nothing") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {{"max_steps", 0}, {"validate_every", 10}});
  const auto outcome = train(folder,
                             "set -m; attnzoo-train recipe.json --run run --quiet & pid=$!; "
                             "until test -e run/checkpoints/last; do sleep 0.05; done; echo process $pid; "
                             "attnzoo-train recipe.json --run run; echo new: $?; attnzoo-train --run run --resume; echo resumed: $?; "
                             "kill -TERM $pid; wait $pid; echo first: $?");
  INFO(outcome.output);
  const size_t begin = outcome.output.find("process ");
  REQUIRE(begin != std::string::npos);
  const auto id = outcome.output.substr(begin, outcome.output.find('\n', begin) - begin);
  const auto refusal = "attnzoo-train: error: run: " + id + " on ";
  const size_t first = outcome.output.find(refusal);
  REQUIRE(first != std::string::npos);
  CHECK(outcome.output.find(refusal, first + 1) != std::string::npos);
  for (const char* part :
       {" is training in this folder; wait until it ends, or choose another folder with --run\nnew: 1\n", "resumed: 1\n", "first: 143\n"})
    CHECK_THAT(outcome.output, ContainsSubstring(part));
  CHECK_FALSE(fs::exists(folder / "run/training.lock"));
  CHECK(train(folder, "attnzoo-train --run run --resume --quiet --set train.max_steps=1").status == 0);
}

TEST_CASE("what a user keeps under the names of a run's files is not taken for a run, and a recipe inside the run is refused") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {});
  const std::pair<const char*, const char*> files[] = {
      {"config.json", "{\n  \"data\": \"imagenet\",\n  \"model\": \"resnet50\",\n  \"train\": {\n    \"lr\": 0.1\n  }\n}\n"},
      {"log.jsonl", "{\"event\":\"start\",\"player\":\"me\"}\n"},
      {"prepared/prepared.json", "prepared on Monday\n"},
      {"training.lock", ""}};
  for (const auto& [name, mine] : files) {
    INFO(name);
    folder.file(std::string("run/") + name, mine);
    const auto refused = train(folder, "attnzoo-train recipe.json --run run --quiet");
    INFO(refused.output);
    CHECK(refused.status == 1);
    CHECK(read_file(folder / "run" / name) == mine);
    fs::remove_all(folder / "run");
  }
  fs::create_directories(folder / "run");
  fs::copy_file(folder / "recipe.json", folder / "run/config.json");
  const auto before = read_file(folder / "run/config.json");
  CHECK_THAT(train(folder, "attnzoo-train run/config.json --run run --quiet").output, ContainsSubstring("run/config.json"));
  CHECK(read_file(folder / "run/config.json") == before);
}

TEST_CASE("a damaged checkpoint is named with its fault, and the advice does not go in circles") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {});
  REQUIRE(train(folder, "attnzoo-train recipe.json --run run --quiet").status == 0);
  for (const auto& name : names_in(folder / "run/checkpoints"))
    if (name.starts_with("step-")) fs::remove(folder / "run/checkpoints" / name / "train_state.json");
  const auto resumed = train(folder, "attnzoo-train --run run --resume");
  CHECK(resumed.status == 1);
  CHECK(
      resumed.output ==
      "attnzoo-train: error: run: holds no whole checkpoint: checkpoints/step-000004 lacks train_state.json; copy the checkpoint again, or "
      "train in another folder\n");
}

TEST_CASE("a run in parts stops early and lowers its learning rate where a run in one piece does") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {{"validate_every", 3}, {"learning_rate", 3}, {"schedule", {{"warmup_steps", 0}}}});
  const std::string
      early = " --quiet --threads 1 --set train.early_stopping.patience=3",
      plateau = " --quiet --threads 1 --set 'train.schedule={\"kind\":\"plateau\",\"patience\":2,\"warmup_steps\":2,\"factor\":0.1}'";
  for (const std::string& settings : {early, plateau}) {
    INFO(settings);
    CHECK(train(folder, "attnzoo-train recipe.json --run whole --set train.max_steps=24" + settings).status == 0);
    CHECK(train(folder, "attnzoo-train recipe.json --run parts --set train.max_steps=7" + settings).status == 0);
    CHECK(train(folder, "attnzoo-train --run parts --resume --quiet --threads 1 --set train.max_steps=24").status == 0);
    CHECK(fs::read_symlink(folder / "parts/checkpoints/last") == fs::read_symlink(folder / "whole/checkpoints/last"));
    CHECK(read_file(folder / "parts/checkpoints/last/weights.safetensors") ==
          read_file(folder / "whole/checkpoints/last/weights.safetensors"));
    for (const char* run : {"whole", "parts"}) fs::remove_all(folder / run);
  }
}

TEST_CASE("a start that is refused leaves no file and no folder behind") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {});
  const auto before = names_in(folder.path());
  for (const char* arguments :
       {"--set data.train.source=none.txt", "--set data.valid.target=none.txt", "--set model.family=transformr", "--init none"})
    for (const char* run : {"run", "runs/a/b"}) {
      const auto outcome = train(folder, "attnzoo-train recipe.json --run " + std::string(run) + " " + arguments);
      INFO(arguments << ": " << outcome.output);
      CHECK(outcome.status == 1);
      CHECK(names_in(folder.path()) == before);
    }
  folder.file("photos/sunset.jpg", "red");
  CHECK(train(folder, "attnzoo-train recipe.json --run photos").output ==
        "attnzoo-train: error: photos: the folder is not empty (it holds sunset.jpg); choose a new or empty folder for --run\n");
  CHECK(names_in(folder / "photos") == Names{"sunset.jpg"});
}

TEST_CASE("a run from somebody else cannot make --resume write through its links, nor into a folder of the user's") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  const auto recipe = quick_recipe(folder, {});
  REQUIRE(train(folder, "attnzoo-train recipe.json --run run --quiet --set data.cache=mine/cache").status == 0);
  const std::string resume = "attnzoo-train --run run --resume --quiet --set train.max_steps=6";

  for (const char* name : {"log.jsonl", "config.json"}) {
    folder.file("diary", "my own\n");
    fs::rename(folder / "run" / name, folder / "moved");
    fs::create_symlink("../diary", folder / "run" / name);
    const auto refused = train(folder, resume);
    CHECK(refused.status == 1);
    CHECK_THAT(refused.output, ContainsSubstring("run/" + std::string(name) + ": is a symbolic link; in a run folder only "));
    CHECK(read_file(folder / "diary") == "my own\n");
    fs::remove(folder / "run" / name);
    fs::rename(folder / "moved", folder / "run" / name);
  }

  // The cache knows the run that its user gave it to, and no other.
  fs::rename(folder / "run", folder / "theirs");
  const std::string resume_theirs = "attnzoo-train --run theirs --resume --quiet --set train.max_steps=6";
  const auto refused = train(folder, resume_theirs);
  const auto cache = (folder / "mine/cache").string();
  CHECK(refused.output == "attnzoo-train: error: theirs: its configuration prepares data in " + cache +
                              ", outside the run folder, where this run has not been before; to allow it, add: --set data.cache=" + cache +
                              "\n");
  CHECK(train(folder, resume_theirs + " --set 'data.cache=" + cache + "'").status == 0);
  CHECK(train(folder, resume_theirs + " --set train.max_steps=7").status == 0);
  fs::rename(folder / "theirs", folder / "run");
  CHECK(train(folder, resume + " --set train.max_steps=8").status == 0);
}

TEST_CASE("a run copied without its links, or with links to nothing, is resumed, and its best stays the best") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {});
  REQUIRE(train(folder,
                "attnzoo-train recipe.json --run run --quiet && cp -rL run copy && cp -r run dangling && rm -r "
                "dangling/checkpoints/step-000004 && cp -rL run lone && rm -r lone/checkpoints/best lone/checkpoints/last")
              .status == 0);
  for (const char* run : {"copy", "dangling", "lone"}) {
    const auto outcome = train(folder, "attnzoo-train --resume --set train.max_steps=6 --run " + std::string(run));
    INFO(outcome.output);
    CHECK(outcome.status == 0);
    const auto checkpoints = folder / run / "checkpoints";
    for (const char* name : {"best", "last"}) CHECK(fs::is_symlink(checkpoints / name));
    CHECK(fs::read_symlink(checkpoints / "last") == "step-000006");
    const bool complete = std::string(run) == "copy";
    CHECK((outcome.output.find("newest whole checkpoint") == std::string::npos) == complete);
  }
  const auto said = train(folder, "rm lone/checkpoints/last; attnzoo-train --resume --run lone --set train.max_steps=6");
  CHECK_THAT(said.output,
             ContainsSubstring("lone: has no checkpoints/last; using the newest whole checkpoint, lone/checkpoints/step-000006\n"));
}

TEST_CASE("where the text of a run has moved, resuming names the settings that say where it is, and they work") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {});
  REQUIRE(train(folder, "attnzoo-train recipe.json --run run --quiet && mkdir text && mv *.in *.out text").status == 0);
  const auto refused = train(folder, "attnzoo-train --run run --resume --set train.max_steps=6");
  CHECK(refused.status == 1);
  const auto file = [&](const char* name) { return (folder / name).string(); };
  CHECK(refused.output ==
        "attnzoo-train: error: run: the text that it was trained on is not there: " + file("train.in") + ", " + file("train.out") + ", " +
            file("valid.in") + ", " + file("valid.out") +
            "; if it has moved, say where it is now: --override --set data.train.source=FILE --set data.train.target=FILE "
            "--set data.valid.source=FILE --set data.valid.target=FILE\n");
  const auto outcome =
      train(folder,
            "attnzoo-train --run run --resume --set train.max_steps=6 --override --set data.train.source=text/train.in --set "
            "data.train.target=text/train.out --set data.valid.source=text/valid.in --set data.valid.target=text/valid.out");
  INFO(outcome.output);
  CHECK(outcome.status == 0);
  CHECK_THAT(outcome.output, ContainsSubstring("train: 200 pairs reused from "));
}

TEST_CASE("a disk that is full at a save leaves the checkpoints before it whole, and training continues once there is room") {
  if (!programs_are_built({"attnzoo-train"})) return;
  const TemporaryDirectory folder;
  quick_recipe(folder, {{"max_steps", 8}, {"keep", 100}});
  const fs::path disk = folder / "disk";
  fs::create_directory(disk);
  if (::geteuid() != 0 || ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  // As large as needed for some checkpoints, not for all.
  REQUIRE(train(folder, "attnzoo-train recipe.json --run trial --quiet --set train.max_steps=2").status == 0);
  uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder / "trial/checkpoints/step-000002")) bytes += entry.file_size();
  const auto room = [&](double checkpoints) {
    const auto options = "size=" + std::to_string(static_cast<uintmax_t>(checkpoints * static_cast<double>(bytes)) + 200000);
    REQUIRE(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, options.c_str()) == 0);
  };
  room(2.5);
  const auto full = train(folder, "attnzoo-train recipe.json --run disk/run");
  INFO(full.output);
  CHECK(full.status == 1);
  CHECK_THAT(full.output, ContainsSubstring("disk/run/checkpoints/step-000006: the checkpoint cannot be written: ") &&
                              ContainsSubstring("No space left on device; free some space there or choose another place; the checkpoint of "
                                                "step 4 is whole: make room, then continue from it with --resume\n"));
  CHECK(fs::read_symlink(disk / "run/checkpoints/last") == "step-000004");
  for (const std::string& name : names_in(disk / "run/checkpoints"))
    CHECK((name == "best" || name == "last" || name == "step-000002" || name == "step-000004"));
  room(10);
  const auto resumed = train(folder, "attnzoo-train --run disk/run --resume --quiet");
  INFO(resumed.output);
  CHECK(resumed.status == 0);
  CHECK(fs::read_symlink(disk / "run/checkpoints/last") == "step-000008");
  ::umount(disk.c_str());
}

}  // namespace attnzoo::test
