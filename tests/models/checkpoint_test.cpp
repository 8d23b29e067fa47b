#include "models/checkpoint.h"

#include <ATen/ATen.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "models/registry.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

TokenizerPair word_tokenizers(int num_words) {
  std::vector<std::string> lines;
  for (int word = 0; word < num_words; ++word) lines.push_back("word" + std::to_string(word));
  TokenizerConfig config;
  config.kind = "words";
  const auto tokenizer = train_tokenizer(config, lines);
  return {tokenizer, tokenizer};
}

nlohmann::json tiny_model() { return complete_model_config({{"family", "transformer"}, {"preset", "tiny"}}); }

CheckpointContents contents_of(const Seq2SeqModel& model, const TokenizerPair& tokenizers) {
  CheckpointContents contents;
  contents.config = {{"task", "translation"}, {"model", tiny_model()}};
  contents.tokenizers = tokenizers;
  contents.weights = model_weights(model);
  contents.extra_tensors["optimizer"] = {{"step", torch::full({}, 3.0)}};
  contents.extra_json["train_state"] = {{"step", 3}};
  return contents;
}

struct Saved {
  TemporaryDirectory folder;
  TokenizerPair tokenizers = word_tokenizers(20);
  std::shared_ptr<Seq2SeqModel> model;
  fs::path directory = folder / "step-000003";
  Saved() {
    torch::manual_seed(1);
    const int64_t size = tokenizers.source->vocabulary_size();
    model = build_model(tiny_model(), {size, size, true});
    save_checkpoint(directory, contents_of(*model, tokenizers));
  }
};

std::string load_problem(const fs::path& directory) {
  try {
    load_checkpoint(directory);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "loaded";
}

// Rewrites the manifest after a file was exchanged, as a careless script might.
void trust(const fs::path& directory, const std::string& name) {
  auto manifest = nlohmann::json::parse(read_file(directory / "manifest.json"));
  manifest["files"][name] = {{"bytes", fs::file_size(directory / name)}, {"crc32", fmt::format("{:08x}", crc32_of_file(directory / name))}};
  write_file(directory / "manifest.json", manifest.dump());
}

}  // namespace

TEST_CASE("a checkpoint gives back weights, configuration, tokenisers and extras with the same bits") {
  const Saved saved;
  const auto loaded = load_checkpoint(saved.directory);
  const auto expected = model_weights(*saved.model);
  REQUIRE(loaded.weights.size() == expected.size());
  for (const auto& [name, tensor] : expected) CHECK(loaded.weights.at(name).equal(tensor));
  CHECK(loaded.config["model"] == tiny_model());
  CHECK(loaded.tokenizers.joint());
  CHECK(loaded.tokenizers.fingerprint() == saved.tokenizers.fingerprint());
  CHECK(loaded.extra_tensors.at("optimizer").at("step").item<double>() == 3);
  CHECK(loaded.extra_json.at("train_state") == nlohmann::json{{"step", 3}});
  const auto without = load_checkpoint(saved.directory, false);
  CHECK(without.extra_json.empty());
  CHECK(without.extra_tensors.empty());
}

TEST_CASE("a tied table is saved once") {
  const Saved saved;
  size_t num_tables = 0;
  for (const auto& [name, tensor] : model_weights(*saved.model)) num_tables += tensor.dim() == 2 && tensor.size(0) == 24 ? 1 : 0;
  CHECK(num_tables == 1);
}

TEST_CASE("saving under the name of an older checkpoint replaces it whole, and leaves what is not its own") {
  const Saved saved;
  auto contents = contents_of(*saved.model, saved.tokenizers);
  contents.extra_json.clear();
  contents.config["task"] = "summarisation";
  saved.folder.file("step-000003.tmp/thesis", "mine");
  write_file(saved.directory / "notes.txt", "mine");
  save_checkpoint(saved.directory, contents);
  CHECK(load_checkpoint(saved.directory).config["task"] == "summarisation");
  CHECK_FALSE(fs::exists(saved.directory / "train_state.json"));
  CHECK(read_file(saved.directory / "notes.txt") == "mine");
  CHECK(read_file(saved.folder / "step-000003.tmp/thesis") == "mine");
  CHECK(names_in(saved.folder.path()) == std::vector<std::string>{"step-000003", "step-000003.tmp"});

  write_file(saved.directory / "manifest.json", "damaged");
  save_checkpoint(saved.directory, contents);
  CHECK(load_problem(saved.directory) == "loaded");
  REQUIRE_THROWS_WITH(save_checkpoint(saved.directory, contents, false),
                      ContainsSubstring("is neither empty nor an unchanged export of this kind (it holds config.json)"));
}

TEST_CASE("removing a checkpoint leaves what others put beside its files") {
  const Saved saved;
  write_file(saved.directory / "notes.txt", "mine");
  CHECK_FALSE(remove_checkpoint(saved.directory));
  CHECK(names_in(saved.directory) == std::vector<std::string>{"notes.txt"});
  CHECK_FALSE(remove_checkpoint(saved.directory));
  CHECK(read_file(saved.directory / "notes.txt") == "mine");
  fs::remove(saved.directory / "notes.txt");
  save_checkpoint(saved.directory, contents_of(*saved.model, saved.tokenizers));
  CHECK(remove_checkpoint(saved.directory));
  CHECK_FALSE(fs::exists(saved.directory));
}

TEST_CASE("a truncated file of a checkpoint is named with both sizes, wherever it is cut") {
  const Saved saved;
  for (const char* name : {"weights.safetensors", "config.json", "source.tokenizer", "optimizer.safetensors"}) {
    const std::string whole = read_file(saved.directory / name);
    for (const double part : {0.0, 0.01, 0.5, 0.999}) {
      const auto size = static_cast<size_t>(part * static_cast<double>(whole.size()));
      std::ofstream(saved.directory / name, std::ios::binary) << whole.substr(0, size);
      CHECK(load_problem(saved.directory) ==
            fmt::format("{}: {} bytes long instead of {}; the file is truncated or damaged, choose another checkpoint",
                        (saved.directory / name).string(), size, whole.size()));
    }
    std::ofstream(saved.directory / name, std::ios::binary) << whole;
  }
  CHECK(load_problem(saved.directory) == "loaded");
}

TEST_CASE("a flipped bit in any file of a checkpoint is noticed") {
  const Saved saved;
  std::mt19937 random(5);
  for (const auto& entry : fs::directory_iterator(saved.directory)) {
    const std::string whole = read_file(entry.path());
    for (int round = 0; round < 8; ++round) {
      std::string damaged = whole;
      const size_t place = random() % damaged.size();
      damaged[place] = static_cast<char>(damaged[place] ^ (1 << (random() % 8)));
      std::ofstream(entry.path(), std::ios::binary) << damaged;
      INFO(entry.path() << " at " << place);
      const std::string problem = load_problem(saved.directory);
      // A manifest may lose an entry's name to another valid one, never content.
      if (entry.path().filename() == "manifest.json") {
        CHECK(problem != "");
      } else {
        CHECK_THAT(problem, ContainsSubstring(entry.path().string() + ": damaged: its checksum is "));
      }
    }
    std::ofstream(entry.path(), std::ios::binary) << whole;
  }
}

TEST_CASE("a checkpoint of a newer format, without a manifest or with a missing file says so") {
  const Saved saved;
  const std::string where = saved.directory.string();
  CHECK(load_problem(saved.folder / "none") == (saved.folder / "none").string() + ": no such checkpoint");
  const std::string manifest = read_file(saved.directory / "manifest.json");
  write_file(saved.directory / "manifest.json", R"({"format": 2, "files": "somewhere else"})");
  CHECK(load_problem(saved.directory) == where + ": written in format 2 by a newer program; this one reads up to format 1: update it");
  write_file(saved.directory / "manifest.json", R"({"format": 1, "files": {"../../etc/passwd": {"bytes": 1, "crc32": "0"}}})");
  CHECK(load_problem(saved.directory) == where + "/manifest.json: damaged: it does not list the checkpoint's files");
  write_file(saved.directory / "manifest.json", R"({"format": 1, "files": {}})");
  CHECK(load_problem(saved.directory) == where + ": the manifest lists no config.json");
  write_file(saved.directory / "manifest.json", manifest);
  fs::remove(saved.directory / "weights.safetensors");
  CHECK(load_problem(saved.directory) ==
        where + "/weights.safetensors: missing from the checkpoint; copy it again or choose another checkpoint");
  fs::remove(saved.directory / "manifest.json");
  CHECK(load_problem(saved.directory) == where + ": not a checkpoint, or an incomplete one: it has no manifest.json");
}

TEST_CASE("a tokeniser of another model is refused with both sizes") {
  const Saved saved;
  write_file(saved.directory / "source.tokenizer", word_tokenizers(50).source->serialized());
  trust(saved.directory, "source.tokenizer");
  try {
    load_model(saved.directory, torch::kCPU);
    FAIL("loaded");
  } catch (const CheckpointError& error) {
    CHECK_THAT(error.what(), ContainsSubstring(": the tokeniser has 54 pieces and the weights were made for 24 (") &&
                                 ContainsSubstring("); it is the tokeniser of another model"));
  }
}

TEST_CASE("weights that do not fit the model are listed") {
  const Saved saved;
  auto weights = model_weights(*saved.model);
  const std::string first = weights.begin()->first, second = std::next(weights.begin())->first;
  weights.erase(first);
  const auto shape = fmt::format("[{}]", fmt::join(weights.at(second).sizes().vec(), ", "));
  weights[second] = torch::zeros({1, 1, 1});
  weights["extra"] = torch::zeros({1});
  REQUIRE_THROWS_WITH(
      set_model_weights(*saved.model, weights, "here"),
      fmt::format(
          "here: the weights do not fit the model: '{}' is missing, '{}' is F32 [1, 1, 1] and the model's is F32 {}, 'extra' is unknown "
          "to the model",
          first, second, shape));
}

TEST_CASE("a loaded model is ready for inference with the weights of best, or of last where there is no best") {
  const Saved saved;
  const fs::path run = saved.folder / "run";
  fs::create_directories(run / "checkpoints/step-000009");
  REQUIRE_THROWS_WITH(find_checkpoint(run),
                      run.string() +
                          ": holds no whole checkpoint: checkpoints/step-000009 has no manifest.json, or a damaged one; copy the "
                          "checkpoint again, or train in another folder");
  auto contents = contents_of(*saved.model, saved.tokenizers);
  for (const char* name : {"step-000001", "step-000002"}) save_checkpoint(run / "checkpoints" / name, contents);
  point_to_checkpoint(run, "last", run / "checkpoints" / "step-000002");
  CHECK(find_checkpoint(run) == run / "checkpoints" / "step-000002");
  point_to_checkpoint(run, "best", run / "checkpoints" / "step-000002");
  point_to_checkpoint(run, "best", run / "checkpoints" / "step-000001");
  CHECK(find_checkpoint(run) == run / "checkpoints" / "step-000001");
  CHECK(find_checkpoint(saved.directory) == saved.directory);
  REQUIRE_THROWS_WITH(find_checkpoint(run / "nowhere"), (run / "nowhere").string() + ": no such run folder or checkpoint");

  const auto loaded = load_model(run, torch::kCPU);
  CHECK_FALSE(loaded.model->is_training());
  for (const auto& [name, tensor] : model_weights(*saved.model)) CHECK(model_weights(*loaded.model).at(name).equal(tensor));
}

TEST_CASE("without best and last, or where they lead nowhere or out of the run, the newest whole checkpoint is found, and that is said") {
  const Saved saved;
  const fs::path run = saved.folder / "run", folder = run / "checkpoints";
  const auto contents = contents_of(*saved.model, saved.tokenizers);
  for (const char* name : {"step-000008", "step-000010", "step-000200"}) save_checkpoint(folder / name, contents);
  fs::remove(folder / "step-000200/weights.safetensors");
  const auto newest = folder / "step-000010";
  const auto found_with = [&](const std::string& note) {
    std::string said;
    CHECK(find_checkpoint(run, &said) == newest);
    CHECK(said == run.string() + ": " + note + "; using the newest whole checkpoint, " + newest.string());
  };
  found_with("has no checkpoints/best or checkpoints/last");
  fs::create_symlink("step-000400", folder / "last");
  found_with("checkpoints/last points to step-000400, which is missing or incomplete");
  fs::remove(folder / "last");
  fs::create_symlink(saved.directory, folder / "best");
  found_with("checkpoints/best points to " + saved.directory.string() + ", which is no checkpoint of this run");
  fs::create_symlink("step-000008", folder / "last");
  std::string note;
  CHECK(find_checkpoint(run, &note) == folder / "step-000008");
  CHECK(note == run.string() + ": checkpoints/best points to " + saved.directory.string() + ", which is no checkpoint of this run; using " +
                    (folder / "step-000008").string());
  fs::remove(folder / "best");
  note.clear();
  CHECK(find_checkpoint(run, &note) == folder / "step-000008");
  CHECK(note.empty());
}

TEST_CASE("folders in place of best and last, as a copy makes them, serve, and become the checkpoint of their step") {
  const Saved saved;
  const fs::path folder = saved.folder / "run/checkpoints";
  save_checkpoint(folder / "step-000003", contents_of(*saved.model, saved.tokenizers));  // of step 3, as train_state.json says
  fs::copy(folder / "step-000003", folder / "best");
  fs::copy(folder / "step-000003", folder / "last");
  CHECK(find_checkpoint(saved.folder / "run") == folder / "best");
  CHECK(find_checkpoint_of_run(saved.folder / "run", {"last"}) == folder / "last");
  restore_checkpoint_links(saved.folder / "run");
  CHECK(fs::read_symlink(folder / "best") == "step-000003");
  CHECK(fs::read_symlink(folder / "last") == "step-000003");
  for (const char* name : {"best", "last"}) {
    fs::remove(folder / name);
    fs::copy(folder / "step-000003", folder / name);
  }

  fs::remove_all(folder / "step-000003");
  save_checkpoint(folder / "step-000004", contents_of(*saved.model, saved.tokenizers));
  for (const char* name : {"best", "last"}) {
    point_to_checkpoint(saved.folder / "run", name, folder / "step-000004");
    CHECK(fs::read_symlink(folder / name) == "step-000004");
  }
  CHECK(load_problem(folder / "step-000003") == "loaded");
  CHECK(names_in(folder) == std::vector<std::string>{"best", "last", "step-000003", "step-000004"});

  fs::remove(folder / "last");
  saved.folder.file("run/checkpoints/last/thesis.txt", "mine");
  REQUIRE_THROWS_WITH(point_to_checkpoint(saved.folder / "run", "last", folder / "step-000004"),
                      (folder / "last").string() +
                          ": stands where a link is needed and holds files that are not a checkpoint's (thesis.txt); move them away");
  CHECK(read_file(folder / "last/thesis.txt") == "mine");
}

TEST_CASE("pointing to a checkpoint leaves a file NAME.tmp of the user's alone") {
  const Saved saved;
  const fs::path run = saved.folder.path();
  saved.folder.file("checkpoints/last.tmp", "mine");
  point_to_checkpoint(run, "last", run / "checkpoints/step-000003");
  CHECK(read_file(run / "checkpoints/last.tmp") == "mine");
  CHECK(names_in(run / "checkpoints") == std::vector<std::string>{"last", "last.tmp"});
}

TEST_CASE("a full disk is reported, and the checkpoint that was there stays") {
  const TemporaryDirectory folder;
  const fs::path disk = folder / "disk";
  fs::create_directories(disk);
  if (::geteuid() != 0 || ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  {
    const Saved saved;
    auto contents = contents_of(*saved.model, saved.tokenizers);
    contents.weights = {{"w", torch::ones({1000})}};
    save_checkpoint(disk / "step-000001", contents);
    contents.weights["w"] = torch::ones({1000, 1000});
    CHECK_THROWS_WITH(save_checkpoint(disk / "step-000001", contents),
                      ContainsSubstring(": the checkpoint cannot be written: ") && ContainsSubstring("No space left on device"));
    CHECK(load_checkpoint(disk / "step-000001").weights.at("w").sizes() == torch::IntArrayRef{1000});
    CHECK(names_in(disk) == std::vector<std::string>{"step-000001"});
  }
  ::umount(disk.c_str());
}

}  // namespace attnzoo::test
