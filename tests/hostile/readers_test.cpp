// Every reader of files that a stranger may have made, over hundreds of mutations of a sound file: an Error each time, or a result; never
// another exception, a crash, a hang or absurd memory. Where a checksum guards the file, it is made right again, so that mutations reach
// what stands behind it. Run it in the preset `asan` as well. The cases tagged [slow] try ten times as many.
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/batches.h"
#include "data/corpus.h"
#include "data/error.h"
#include "data/files.h"
#include "data/importers/mo_file.h"
#include "data/importers/packages_index.h"
#include "data/importers/translation_file.h"
#include "data/json_fields.h"
#include "data/prepare.h"
#include "data/sentencepiece_vocabulary.h"
#include "data/sources.h"
#include "data/text_reader.h"
#include "data/tokenizer_bytes.h"
#include "models/registry.h"
#include "models/safetensors.h"
#include "tests/export/marian_directories.h"
#include "tests/hostile/mutations.h"
#include "tests/hostile/sound_files.h"
#include "tests/temporary_directory.h"
#include "tests/train/tiny_run.h"
#include "train/generators.h"
#include "train/optimizer.h"
#include "train/train_state.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

void over_safetensors(size_t count) {
  const TemporaryDirectory folder;
  const auto file = folder / "weights.safetensors";
  save_safetensors(file, {{"a", torch::randn({3, 4})}, {"b", torch::arange(5)}, {"c", torch::tensor({true, false})}}, {{"made", "here"}});
  const auto content = read_file(file);
  for (const auto form : {Form::kText, Form::kBinary})
    CHECK(survive(content, form, count, [&](const std::string& bytes) {
            write_file(file, bytes);
            load_safetensors(file);
          }).num_refused > static_cast<int64_t>(count / 3));
}

void over_corpora(size_t count) {
  const TemporaryDirectory folder;
  const auto content = sound_corpus(folder.path());
  for (const bool repaired : {false, true}) {
    const auto survival = survive(content, Form::kBinary, count, [&](const std::string& bytes) {
      write_file(folder / "changed.corpus", repaired ? with_right_checksums(bytes) : bytes);
      const auto corpus = Corpus::open(folder / "changed.corpus");
      check_ids_within(*corpus, {20, 20, false});
      for_each_pair(*corpus, [&](int64_t pair) { make_batch(*corpus, std::vector<int64_t>{pair}); });
    });
    // A mutation may leave the file as it was.
    CHECK(survival.num_refused >= static_cast<int64_t>(repaired ? count / 2 : count * 9 / 10));
  }
}

void over_tokenizers(size_t count) {
  for (const char* kind : {"sentencepiece-unigram", "sentencepiece-bpe", "words", "characters", "labels", kSentencePieceVocabularyKind}) {
    INFO(kind);
    TokenizerConfig config;
    config.vocabulary_size = 400;
    const auto lines = sound_lines();
    std::shared_ptr<const Tokenizer> sound;
    if (kind == std::string("labels")) {
      sound = train_labels(lines);
    } else if (kind == std::string(kSentencePieceVocabularyKind)) {
      const auto model = train_tokenizer(config, lines);
      std::vector<std::string> pieces;
      for (int32_t id = 4; id < model->vocabulary_size(); ++id) pieces.push_back(model->piece(id));
      sound = make_sentencepiece_vocabulary(sentencepiece_model_of(*model), pieces, "sound");
    } else {
      config.kind = kind;
      sound = train_tokenizer(config, lines);
    }
    const auto use = [&](const std::string& bytes) {
      const auto tokenizer = load_tokenizer(bytes, "x.tokenizer");
      const auto ids = tokenizer->encode("a line of words \xE6\x97\xA5\xE6\x9C\xAC, and number 17");
      CHECK(tokenizer->decode(ids).size() < 10'000'000);
    };
    CHECK(survive(sound->serialized(), Form::kBinary, count, use).num_refused >= static_cast<int64_t>(count * 9 / 10));
    const auto [packed_kind, content] = unpack_tokenizer(sound->serialized(), "sound");
    survive(content, Form::kBinary, count, [&](const std::string& bytes) { use(pack_tokenizer(packed_kind, bytes)); });
  }
}

void over_checkpoints(size_t count) {
  const TemporaryDirectory folder;
  const auto checkpoint = folder / "checkpoint";
  auto contents = sound_checkpoint(sound_words());
  contents.extra_json["train_state"] = TrainState{}.to_json();
  save_checkpoint(checkpoint, contents);
  const auto manifest = read_file(checkpoint / "manifest.json");
  for (const char* name : {"manifest.json", "config.json", "weights.safetensors", "source.tokenizer", "train_state.json"}) {
    INFO(name);
    const bool is_manifest = name == std::string("manifest.json"), extra = name == std::string("train_state.json");
    const auto whole = read_file(checkpoint / name);
    const auto form = name == std::string("source.tokenizer") ? Form::kBinary : Form::kText;
    survive(whole, form, count, [&](const std::string& bytes) {
      write_file(checkpoint / "manifest.json", manifest);
      write_file(checkpoint / name, bytes);
      if (!is_manifest) enter_into_manifest(checkpoint, name);
      if (extra)
        TrainState::from_json(load_checkpoint(checkpoint).extra_json.at("train_state"), "train_state.json");
      else
        load_model(checkpoint, torch::kCPU);
    });
    write_file(checkpoint / name, whole);
    write_file(checkpoint / "manifest.json", manifest);
  }
  CHECK_NOTHROW(load_model(checkpoint, torch::kCPU));
}

// What resuming reads besides weights.
void over_training_state(size_t count) {
  const TemporaryDirectory folder;
  const auto file = folder / "state.safetensors";
  const std::map<std::string, torch::Tensor> parameters = {{"a", torch::zeros({3, 4})}, {"b", torch::zeros({5})}};
  const auto optimizer = make_optimizer({}, parameters);
  save_safetensors(file, optimizer->state());
  const auto moments = read_file(file);
  save_safetensors(file, generator_states(torch::kCPU));
  const auto generators = read_file(file);
  for (const auto form : {Form::kText, Form::kBinary}) {
    survive(moments, form, count, [&](const std::string& bytes) {
      write_file(file, bytes);
      optimizer->set_state(load_safetensors(file), "here");
    });
    survive(generators, form, count, [&](const std::string& bytes) {
      write_file(file, bytes);
      set_generator_states(load_safetensors(file), torch::kCPU, "here");
      torch::rand({3});
    });
  }
  torch::manual_seed(1);
}

void over_recipes(size_t count) {
  const TemporaryDirectory folder;
  const auto recipe = read_tiny(folder, tiny_recipe(folder)).to_json().dump();
  survive(recipe, Form::kText, count, [&](const std::string& text) {
    const auto read = TrainingRecipe::from_json(parse_json(text, "recipe.json"), folder.path());
    model_shapes(read.model, {10000, 10000, true});
  });
}

void over_catalogs_and_indexes(size_t count) {
  survive(sound_mo(), Form::kBinary, count, [](const std::string& bytes) {
    const auto messages = parse_mo(bytes, "x.mo");
    CHECK(messages.size() < 100000);
  });
  const std::string translations =
      "Package: a\nDescription-md5: 0123456789abcdef0123456789abcdef\nDescription-de: Titel\n Ein Absatz\n .\n  * Punkt\n\n";
  survive(translations, Form::kText, count, [](const std::string& text) {
    DescriptionTable table;
    parse_translation_file(text, "de", table);
  });
  const std::string packages = "Package: a\nSection: contrib/games\nDescription-md5: 0123456789abcdef0123456789abcdef\n\n";
  survive(packages, Form::kText, count, [](const std::string& text) {
    PackagesIndex index;
    parse_packages_index(text, index);
  });
}

void over_text(size_t count) {
  const TemporaryDirectory folder;
  std::string plain, tsv, jsonl;
  for (const auto& line : sound_lines()) {
    plain += line + "\n";
    tsv += line + "\t" + line + "\n";
    jsonl += nlohmann::json{{"source", line}, {"target", line}, {"n", 7}}.dump() + "\n";
  }
  const auto lines_of = [&](const std::string& bytes) {
    for (const auto& line : read_lines(folder.file("text", bytes), InvalidUtf8::kReplace)) CHECK(line.find('\n') == std::string::npos);
  };
  survive(plain, Form::kText, count, lines_of);
  survive(gzip_of(plain), Form::kBinary, count, lines_of);
  const auto pairs_of = [&](const char* field) {
    return [&folder, field](const std::string& bytes) {
      folder.file("pairs", bytes);
      const auto data = nlohmann::json::object({{"train", nlohmann::json::object({{field, "pairs"}})}});
      PairReader reader(DataConfig::from_json(data, folder.path(), Task::kTranslation).train, InvalidUtf8::kReplace);
      TextPair pair;
      while (reader.next(pair)) CHECK(pair.line > 0);
    };
  };
  survive(tsv, Form::kText, count, pairs_of("tsv"));
  survive(jsonl, Form::kText, count, pairs_of("jsonl"));
}

void over_marian_directories(size_t count) {
  const TemporaryDirectory folder;
  const auto directory = folder / "marian";
  export_huggingface(marian_checkpoint("", marian_tokenizers(true)), directory);
  for (const char* name : {"config.json", "vocab.json", "model.safetensors", "source.spm"}) {
    INFO(name);
    const auto whole = read_file(directory / name);
    const auto form = name == std::string("source.spm") ? Form::kBinary : Form::kText;
    survive(whole, form, count, [&](const std::string& bytes) {
      write_file(directory / name, bytes);
      import_huggingface(directory);
    });
    write_file(directory / name, whole);
  }
  CHECK_NOTHROW(import_huggingface(directory));
}

}  // namespace

TEST_CASE("hostile safetensors are refused or read") { over_safetensors(300); }
TEST_CASE("hostile corpora are refused or read, with wrong checksums and with right ones") { over_corpora(300); }
TEST_CASE("hostile tokenisers are refused or usable, with wrong checksums and with right ones") { over_tokenizers(200); }
TEST_CASE("hostile files of a checkpoint are refused or loaded, with a manifest that fits them") { over_checkpoints(200); }
TEST_CASE("hostile states of optimiser and random generator are refused or set") { over_training_state(200); }
TEST_CASE("hostile recipes are refused or read") { over_recipes(300); }
TEST_CASE("hostile catalogs and package indexes are refused or read") { over_catalogs_and_indexes(300); }
TEST_CASE("hostile text is refused or read: plain, gzip, columns, JSON lines") { over_text(150); }
TEST_CASE("hostile MarianMT directories are refused or imported") { over_marian_directories(60); }

TEST_CASE("ten thousand hostile files of every kind", "[slow]") {
  over_safetensors(10000);
  over_corpora(10000);
  over_tokenizers(2000);
  over_checkpoints(2000);
  over_training_state(5000);
  over_recipes(5000);
  over_catalogs_and_indexes(10000);
  over_text(2000);
  over_marian_directories(1000);
}

}  // namespace attnzoo::test
