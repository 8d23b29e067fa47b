// MarianMT directories, there and back, against transformers.
#include "eval/search.h"
#include "tests/export/marian_directories.h"
#include "tests/largest_difference.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

bool has_transformers() {
  static const bool has = python_has("transformers, sentencepiece, safetensors");
  return has;
}

const std::vector<std::string> kTheirs = {"opus", "separate", "unscaled", "untied"};

// Directories of transformers, imported and exported again, and of our models; and what transformers makes of them all.
struct MarianDirectories {
  TemporaryDirectory folder;
  std::map<std::string, CheckpointContents> contents;  // by directory, "again-" for one exported again
  std::string problem;

  MarianDirectories() {
    const auto text = invented_text(300, 1);
    folder.file("lines.source", joined(text.source));
    folder.file("lines.target", joined(text.target));
    const auto made = run_python(folder.path(), "marian_models", ". lines.source lines.target");
    if (made.status != 0) problem = made.output;
    if (!problem.empty()) return;
    for (const auto& name : kTheirs) contents[name] = import_huggingface(folder / name);
    for (const char* name : {"opus", "unscaled"}) add_export(std::string("again-") + name, contents[name]);
    const auto joint = marian_tokenizers(true), separate = marian_tokenizers(false);
    add_export("all", marian_checkpoint(R"(, "activation": "relu")", joint));
    add_export("decoder", marian_checkpoint(R"(, "activation": "gelu", "decoder_layers": 1, "encoder_num_heads": 2)", separate));
    add_export("none", marian_checkpoint(R"(, "activation": "silu", "tied_embeddings": "none", "shared_layers": true)", joint));
    std::string names;
    for (const auto& [name, ignored] : contents) {
      // Spaces, a ligature that is normalised, characters that no vocabulary has; a language code, which only their tokenisers know.
      const std::string odd = "  w5   w6 \xEF\xAC\x81 w7 \xE6\xBC\xA2\xE5\xAD\x97 w8.";
      const bool theirs = name.starts_with("again-") || std::count(kTheirs.begin(), kTheirs.end(), name) > 0;
      folder.file(name + ".source", joined({"w1 w2 w3", "w11 w0 w59 w59 w31 w7 w30 w22", odd, theirs ? ">>deu<< w4 w4" : "w4 w4"}));
      folder.file(name + ".target", joined({"v3 v2 v1", "v22 v30 v7 v31 v59 v0", "v8 \xE6\xBC\xA2 v7", "v4 v4"}));
      names += " " + name;
    }
    const auto ran = run_python(folder.path(), "marian_run", "." + names);
    if (ran.status != 0) problem = ran.output;
  }

  void add_export(const std::string& name, const CheckpointContents& exported) {
    contents[name] = exported;
    export_huggingface(exported, folder / name);
  }
};

const MarianDirectories& marian_directories() {
  static const MarianDirectories made;
  INFO(made.problem);
  REQUIRE(made.problem.empty());
  return made;
}

// Our id of each of theirs on one side; -1 where we have none.
std::vector<int64_t> our_ids(const fs::path& directory, const Tokenizer& tokenizer, bool target_side) {
  const bool own_file = target_side && fs::exists(directory / "target_vocab.json");
  const auto vocabulary = nlohmann::json::parse(read_file(directory / (own_file ? "target_vocab.json" : "vocab.json")));
  std::map<std::string, int64_t> ours = {{"<unk>", kUnkId}, {"</s>", kEosId}};
  for (int64_t id = kNumSpecialTokens; id < tokenizer.vocabulary_size(); ++id) ours[tokenizer.piece(static_cast<int32_t>(id))] = id;
  std::vector<int64_t> ids(vocabulary.size(), -1);
  for (const auto& [piece, id] : vocabulary.items())
    if (ours.count(piece) > 0) ids[id.get<size_t>()] = ours[piece];
  const auto config = nlohmann::json::parse(read_file(directory / "config.json"));
  if (target_side) ids[config["decoder_start_token_id"].get<size_t>()] = kBosId;
  return ids;
}

std::vector<int64_t> mapped(const torch::Tensor& ids, const std::vector<int64_t>& to_ours) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < ids.numel(); ++i) result.push_back(to_ours[static_cast<size_t>(ids[i].item<int64_t>())]);
  return result;
}

std::vector<int64_t> with_end(const std::vector<int32_t>& ids) {
  std::vector<int64_t> result(ids.begin(), ids.end());
  result.push_back(kEosId);
  return result;
}

Batch one_pair(const std::vector<int64_t>& source, const std::vector<int64_t>& target) {
  Batch batch;
  batch.source_BS = at::tensor(source, torch::kLong).unsqueeze(0);
  batch.target_out_BT = at::tensor(target, torch::kLong).unsqueeze(0);
  batch.target_in_BT =
      at::cat({at::full({1, 1}, int64_t{kBosId}, torch::kLong), batch.target_out_BT.narrow(1, 0, batch.target_out_BT.size(1) - 1)}, 1);
  batch.source_length_B = at::tensor({static_cast<int64_t>(source.size())}, torch::kLong);
  batch.target_length_B = at::tensor({static_cast<int64_t>(target.size())}, torch::kLong);
  batch.num_source_tokens = static_cast<int64_t>(source.size());
  batch.num_target_tokens = static_cast<int64_t>(target.size());
  batch.pair_ids = {0};
  return batch;
}

struct MarianRun {
  const CheckpointContents& contents;
  std::shared_ptr<Seq2SeqModel> model = marian_model_of(contents);
  NamedTensors tensors;
  nlohmann::json texts;
  std::vector<int64_t> source_ids, target_ids;
  std::vector<std::string> source, target;

  explicit MarianRun(const std::string& name)
      : contents(marian_directories().contents.at(name)),
        tensors(load_safetensors(marian_directories().folder / (name + ".safetensors"))),
        texts(nlohmann::json::parse(read_file(marian_directories().folder / (name + ".json")))),
        source_ids(our_ids(marian_directories().folder / name, *contents.tokenizers.source, false)),
        target_ids(our_ids(marian_directories().folder / name, *contents.tokenizers.target, true)),
        source(split_lines(read_file(marian_directories().folder / (name + ".source")))),
        target(split_lines(read_file(marian_directories().folder / (name + ".target")))) {}

  std::vector<int64_t> theirs(const std::string& what, size_t line, bool target_side) const {
    return mapped(tensors.at(fmt::format("{}.{}", what, line)), target_side ? target_ids : source_ids);
  }
};

template <class Check>
void for_every_directory(const Check& check) {
  for (const auto& [name, ignored] : marian_directories().contents) {
    INFO(name);
    check(MarianRun(name));
  }
}

}  // namespace

TEST_CASE("MarianMT: texts have the same ids as in transformers") {
  if (!has_transformers()) return;
  for_every_directory([](const MarianRun& run) {
    for (size_t i = 0; i < run.source.size(); ++i) {
      INFO(run.source[i] << " | " << run.target[i]);
      CHECK(with_end(run.contents.tokenizers.source->encode(run.source[i])) == run.theirs("source", i, false));
      CHECK(with_end(run.contents.tokenizers.target->encode(run.target[i])) == run.theirs("target", i, true));
    }
  });
}

TEST_CASE("MarianMT: imported, exported and exported again, a model has the logits of transformers") {
  if (!has_transformers()) return;
  double worst = 0;
  for_every_directory([&](const MarianRun& run) {
    const at::NoGradGuard no_grad;
    std::vector<int64_t> their_columns, our_columns;
    for (size_t id = 0; id < run.target_ids.size(); ++id) {
      if (run.target_ids[id] < 0) continue;
      their_columns.push_back(static_cast<int64_t>(id));
      our_columns.push_back(run.target_ids[id]);
    }
    CHECK(our_columns.size() + 1 >= static_cast<size_t>(run.contents.tokenizers.target->vocabulary_size()));
    for (size_t i = 0; i < run.source.size(); ++i) {
      const auto logits_TV = run.model->forward(one_pair(run.theirs("source", i, false), run.theirs("target", i, true)));
      const auto expected = run.tensors.at(fmt::format("logits.{}", i)).index_select(1, at::tensor(their_columns, torch::kLong));
      const double scale = expected.abs().max().item<double>();
      const double difference = largest_difference(logits_TV.index_select(1, at::tensor(our_columns, torch::kLong)), expected) / scale;
      CHECK(difference < 1e-5);
      worst = std::max(worst, difference);
    }
  });
  INFO("largest difference, of the largest logit: " << worst);
  CHECK(worst > 0);
}

TEST_CASE("MarianMT: greedy and beam search give the ids and texts of transformers") {
  if (!has_transformers()) return;
  int num_compared = 0, num_ended = 0;
  for_every_directory([&](const MarianRun& run) {
    for (const auto& [kind, beam] : {std::pair{"greedy", 1}, {"beam", 4}}) {
      SearchOptions options;
      options.beam = beam;
      options.length_penalty = 0;
      options.max_length = 40;
      options.max_length_ratio = 1000;
      options.no_repeat_ngram = 1;
      for (size_t i = 0; i < run.source.size(); ++i) {
        auto expected = run.theirs(kind, i, true);
        const bool ended = !expected.empty() && expected.back() == kEosId;
        // How hypotheses that are cut compare with others is each program's own affair.
        if (!ended && beam > 1) continue;
        if (ended) expected.pop_back();
        const auto source_BS = at::tensor(run.theirs("source", i, false), torch::kLong).unsqueeze(0);
        const auto best = search(*run.model, source_BS, options)[0][0];
        INFO(kind << " " << i);
        CHECK(std::vector<int64_t>(best.ids.begin(), best.ids.end()) == expected);
        num_ended += ended && !expected.empty() ? 1 : 0;
        // transformers leaves <unk> out of a text, here it is shown.
        if (std::count(best.ids.begin(), best.ids.end(), kUnkId) > 0) continue;
        CHECK(run.contents.tokenizers.target->decode(best.ids) == run.texts[kind][i].get<std::string>());
        ++num_compared;
      }
    }
  });
  CHECK(num_compared >= 40);
  CHECK(num_ended >= 20);
}

TEST_CASE("an imported model translates, is evaluated, exported again, and learns") {
  if (!has_transformers() || !programs_are_built({"attnzoo-export", "attnzoo-translate", "attnzoo-eval", "attnzoo-train"})) return;
  const auto& folder = marian_directories().folder;
  const auto shell = [&](const std::string& command) {
    const auto outcome = run_merged(folder.path(), "export OMP_NUM_THREADS=1; " + command);
    INFO(command << "\n" << outcome.output);
    CHECK(outcome.status == 0);
    return outcome.output;
  };
  shell("attnzoo-export --from huggingface opus --out imported");
  CHECK(
      shell("attnzoo-export --from huggingface opus --out imported 2>&1 || true") ==
      "attnzoo-export: error: imported: is neither empty nor an unchanged export of this kind (it holds config.json); name a new folder\n");
  for (const char* option : {"quantize int8", "checkpoint last"})
    CHECK_THAT(shell(fmt::format("attnzoo-export --from huggingface opus --out new --{} 2>&1 || true", option)),
               ContainsSubstring(" is for an export, and --from imports; omit one of them"));
  CHECK(split_lines(shell("attnzoo-translate --run imported --input opus.source --threads 1 2>/dev/null")).size() == 4);
  CHECK_THAT(shell("attnzoo-eval --run imported --source opus.source --reference opus.target --threads 1"), ContainsSubstring("BLEU"));
  shell("attnzoo-export --run imported --format huggingface --out exported");
  CHECK(load_safetensors(folder / "exported/model.safetensors").size() == load_safetensors(folder / "again-opus/model.safetensors").size());

  folder.file("tune.json", R"({"data": {"train": {"source": "lines.source", "target": "lines.target"},
                                        "valid": {"source": "opus.source", "target": "opus.target"}},
                               "model": {"dropout": 0.0},
                               "train": {"batch": {"batch_tokens": 512}, "learning_rate": 0.002, "schedule": {"kind": "constant"},
                                         "max_steps": 40, "validate_every": 1000, "report_every": 10, "valid_decode": {"beam": 0},
                                         "best_metric": "loss"}})");
  CHECK_THAT(shell("attnzoo-train tune.json --run tuned --init imported --threads 1"),
             ContainsSubstring("weights and tokenisers: those of "));
  std::vector<double> losses;
  for (const auto& line : split_lines(read_file(folder / "tuned/log.jsonl"))) {
    const auto entry = nlohmann::json::parse(line);
    if (entry["event"] == "train") losses.push_back(entry["loss"]);
  }
  REQUIRE(losses.size() == 4);
  CHECK(losses[3] < 0.9 * losses[0]);
  shell("attnzoo-train --run tuned --resume --set train.max_steps=42 --threads 1");
  shell("attnzoo-export --run tuned --format huggingface --out tuned-marian");
}

TEST_CASE("a checkpoint's weights are a file that Python's safetensors opens") {
  if (!python_has("numpy, safetensors")) return;
  const TemporaryDirectory folder;
  const auto contents = marian_checkpoint("", marian_tokenizers(true));
  save_checkpoint(folder / "run", contents);
  const auto outcome = run_merged(folder.path(), kPython +
                                                     " -W ignore -c 'from safetensors.numpy import load_file\n"
                                                     "for name, tensor in sorted(load_file(\"run/weights.safetensors\").items()):\n"
                                                     "  print(name, tuple(tensor.shape), float(tensor.astype(float).sum()))'");
  INFO(outcome.output);
  REQUIRE(outcome.status == 0);
  const auto lines = split_lines(outcome.output);
  REQUIRE(lines.size() == contents.weights.size());
  CHECK_THAT(outcome.output, ContainsSubstring("encoder.layer_0.attention.qkv.weight (96, 32) "));
  size_t i = 0;
  for (const auto& [name, tensor] : contents.weights) {
    CHECK(lines[i].starts_with(name + " ("));
    const double sum = tensor.to(torch::kDouble).sum().item<double>();
    CHECK(std::stod(lines[i].substr(lines[i].rfind(' '))) == Approx(sum).margin(1e-6));
    ++i;
  }
}

}  // namespace attnzoo::test
