// Files that are no files: pipes, devices, links, folders, holes. A reader that waits for one ends the test program by an alarm.
#include <ATen/ATen.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "data/corpus.h"
#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"
#include "models/safetensors.h"
#include "tests/hostile/mutations.h"
#include "tests/hostile/sound_files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

// Ends the program if it lives for longer than a reader may take.
struct Alarm {
  Alarm() { ::alarm(120); }
  ~Alarm() { ::alarm(0); }
};

template <class Read>
std::string message_of(const Read& read) {
  const Alarm alarm;
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "read";
}

std::string model_problem(const fs::path& checkpoint) {
  return message_of([&] { load_model(checkpoint, torch::kCPU); });
}

void make_pipe(const fs::path& file) {
  fs::remove(file);
  REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
}

void make_link(const fs::path& file, const fs::path& target) {
  fs::remove(file);
  fs::create_symlink(target, file);
}

struct SavedCheckpoint {
  TemporaryDirectory folder;
  fs::path sound = folder / "sound", changed = folder / "changed";
  SavedCheckpoint() { save_checkpoint(sound, sound_checkpoint(sound_words())); }
  fs::path fresh() const {
    fs::remove_all(changed);
    fs::copy(sound, changed);
    return changed;
  }
};

}  // namespace

TEST_CASE("a pipe, a device, a folder or a link in place of a checkpoint's file is refused at once") {
  const SavedCheckpoint saved;
  for (const char* name : {"manifest.json", "config.json", "weights.safetensors", "source.tokenizer"}) {
    INFO(name);
    const auto file = saved.changed / name;
    saved.fresh();
    make_pipe(file);
    CHECK(model_problem(saved.changed) == file.string() + ": is not a regular file; copy the checkpoint again");
    saved.fresh();
    fs::remove(file);
    fs::create_directory(file);
    CHECK(model_problem(saved.changed) == file.string() + ": is not a regular file; copy the checkpoint again");
    for (const char* target : {"/dev/zero", "/etc/passwd", "config.json"}) {
      saved.fresh();
      make_link(file, target);
      CHECK(model_problem(saved.changed) ==
            file.string() + ": is a symbolic link; a checkpoint holds its files themselves: copy it with cp -rL");
    }
  }
  // The folder itself may be a link.
  fs::create_directory_symlink(saved.sound, saved.folder / "link");
  CHECK(model_problem(saved.folder / "link") == "read");
}

TEST_CASE("files of a checkpoint that its manifest does not list are not read") {
  const SavedCheckpoint saved;
  const auto checkpoint = saved.fresh();
  write_file(checkpoint / "target.tokenizer", "not a tokeniser");
  write_file(checkpoint / "optimizer.safetensors", "not tensors");
  make_pipe(checkpoint / "train_state.json");
  CHECK(model_problem(checkpoint) == "read");
  const auto contents = load_checkpoint(checkpoint);
  CHECK(contents.tokenizers.joint());
  CHECK(contents.extra_tensors.empty());
  CHECK(contents.extra_json.empty());
}

TEST_CASE("a manifest with names that leave the folder, or that a message could not show, is refused") {
  const SavedCheckpoint saved;
  const auto refused = saved.changed.string() + "/manifest.json: damaged: it does not list the checkpoint's files";
  for (const char* name :
       {"../config.json", "/etc/passwd", ".", "..", "", "a/b", "manifest.json", "a\\u0000b", "a\\u001b[2Jb", "a\\nb", "\\u00e9"}) {
    INFO(name);
    const auto checkpoint = saved.fresh();
    write_file(checkpoint / "manifest.json",
               fmt::format(R"({{"format": 1, "files": {{"{}": {{"bytes": 1, "crc32": "00000000"}}}}}})", name));
    CHECK(model_problem(checkpoint) == refused);
  }
  for (const char* entry : {R"({"bytes": -1, "crc32": "00000000"})", R"({"bytes": 1.5, "crc32": "00000000"})",
                            R"({"bytes": 1, "crc32": 0})", R"({"bytes": 1, "crc32": "0"})", R"({"crc32": "00000000"})", "[]", "null"}) {
    INFO(entry);
    const auto checkpoint = saved.fresh();
    write_file(checkpoint / "manifest.json", fmt::format(R"({{"format": 1, "files": {{"config.json": {}}}}})", entry));
    CHECK(model_problem(checkpoint) == refused);
  }
  for (const char* format : {"-1", "0", "1.5", "\"1\"", "null"}) {
    const auto checkpoint = saved.fresh();
    write_file(checkpoint / "manifest.json", fmt::format(R"({{"format": {}, "files": {{}}}})", format));
    CHECK(model_problem(checkpoint) == refused);
  }
  for (const char* format : {"2", "9223372036854775807", "18446744073709551615"}) {
    const auto checkpoint = saved.fresh();
    write_file(checkpoint / "manifest.json", fmt::format(R"({{"format": {}, "files": {{}}}})", format));
    CHECK(model_problem(checkpoint) == fmt::format("{}: written in format {} by a newer program; this one reads up to format 1: update it",
                                                   checkpoint.string(), format));
  }
}

TEST_CASE("files of a checkpoint of absurd size are refused before they are read, zeros and holes included") {
  const SavedCheckpoint saved;
  for (const auto& [name, bound] :
       {std::pair{"manifest.json", 1'000'000}, {"config.json", 16'000'000}, {"source.tokenizer", 1'000'000'000}}) {
    const auto checkpoint = saved.fresh();
    fs::resize_file(checkpoint / name, 3'000'000'000);
    CHECK(model_problem(checkpoint) ==
          fmt::format("{}: 3000000000 bytes long; at most {} are accepted", (checkpoint / name).string(), bound));
  }
  const auto checkpoint = saved.fresh();
  std::error_code error;
  fs::resize_file(checkpoint / "weights.safetensors", uintmax_t{1} << 42, error);
  if (error) {
    WARN("skipped: this file system cannot make a file of 4 TiB");
    return;
  }
  CHECK_THAT(model_problem(checkpoint),
             ContainsSubstring("weights.safetensors: 4398046511104 bytes long, and this machine has ") && ContainsSubstring(" of memory"));
  CHECK_THAT(message_of([&] { load_safetensors(checkpoint / "weights.safetensors"); }), ContainsSubstring("and this machine has "));
}

TEST_CASE("a pipe or a device as weights or corpus is refused at once, a link to a regular file is read") {
  const TemporaryDirectory folder;
  const auto pipe = folder / "pipe";
  make_pipe(pipe);
  for (const auto& file : {pipe, fs::path("/dev/zero")}) {
    CHECK(message_of([&] { load_safetensors(file); }) == file.string() + ": is not a regular file; a file in safetensors format is needed");
    CHECK(message_of([&] { Corpus::open(file); }) == file.string() + ": is not a regular file; a prepared corpus is needed");
  }
  sound_corpus(folder.path());
  make_link(folder / "link", "sound.corpus");
  CHECK(message_of([&] { Corpus::open(folder / "link"); }) == "read");
}

}  // namespace attnzoo::test
