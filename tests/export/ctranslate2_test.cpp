// Exports for CTranslate2, read by CTranslate2 itself.
#include "models/export/ctranslate2.h"

#include <ATen/ATen.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/file_list.h"
#include "data/files.h"
#include "data/special_tokens.h"
#include "eval/scoring.h"
#include "eval/translator.h"
#include "models/registry.h"
#include "models/section_fields.h"
#include "tests/invented_language.h"
#include "tests/python.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test::ctranslate2 {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Two languages of few words; some of them are what JSON and text files treat in a way of their own.
const std::vector<std::string> kSourceWords = {
    "a", "\"b\"", "c\\n", "\xC3\xA4", "\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80", "\xC2\x85", "{}", "#", "\xE2\x96\x81", "x,y", "0"};
const std::vector<std::string> kTargetWords = {"u", "v", "w", "\t", "\xEF\xBB\xBF", "z", "'", "<", "\xE2\x80\xA8"};

std::vector<std::string> sentences(const std::vector<std::string>& words, size_t salt) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < 12; ++i) {
    std::string line = words[(i + salt) % words.size()];
    for (size_t k = 0; k < i * (3 + salt) % 26; ++k) line += " " + words[(i * i + k * (k + salt)) % words.size()];
    lines.push_back(line);
  }
  return lines;
}

TokenizerPair word_pair(bool joint) {
  TokenizerConfig config;
  config.kind = "words";
  auto both = kSourceWords;
  both.insert(both.end(), kTargetWords.begin(), kTargetWords.end());
  const auto source = train_tokenizer(config, joint ? both : kSourceWords);
  return {source, joint ? source : train_tokenizer(config, kTargetWords)};
}

// A model of random weights, none of which is zero or one.
struct Drawn {
  CheckpointContents contents;
  std::shared_ptr<Seq2SeqModel> model;
};
Drawn draw(const std::string& fields, bool joint = true) {
  Drawn drawn;
  auto& contents = drawn.contents;
  json section = {{"family", "transformer"}, {"preset", "tiny"}};
  section.update(json::parse(R"({"dim": 24, "feed_forward_dim": 40, "layers": 2, "num_heads": 4})"));
  lay_over(section, json::parse(fields));
  contents.config["model"] = complete_model_config(section);
  contents.tokenizers = word_pair(joint);
  torch::manual_seed(5);
  drawn.model = build_model(contents.config["model"],
                            {contents.tokenizers.source->vocabulary_size(), contents.tokenizers.target->vocabulary_size(), joint});
  const torch::NoGradGuard no_grad;
  for (auto& parameter : drawn.model->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
  drawn.model->eval();
  contents.weights = model_weights(*drawn.model);
  return drawn;
}

std::string refusal(const std::string& fields, const TokenizerPair& tokenizers = word_pair(true)) {
  const TemporaryDirectory folder;
  CheckpointContents contents;
  json section = {{"family", "transformer"}, {"preset", "tiny"}};
  lay_over(section, json::parse(fields));
  contents.config["model"] = complete_model_config(section);
  contents.tokenizers = tokenizers;
  try {
    export_ctranslate2(contents, folder / "out", false);
  } catch (const ConfigError& error) {
    CHECK(fs::is_empty(folder.path()));
    return error.what();
  }
  return "";
}

std::vector<json> json_lines(const fs::path& file) {
  std::vector<json> values;
  for (const auto& line : split_lines(read_file(file))) values.push_back(json::parse(line));
  return values;
}

}  // namespace

TEST_CASE("CTranslate2 finds every option's model as probable as we do, at once and step by step") {
  if (!python_has("ctranslate2")) return;
  struct Variant {
    std::string fields;
    bool joint = true;
  };
  const std::vector<Variant> variants = {
      {R"({"tied_embeddings": "all"})"},
      {R"({"norm": "post", "activation": "gelu", "tied_embeddings": "decoder"})", false},
      {R"({"activation": "silu"})", false},
      {R"({"dim": 18, "feed_forward_dim": 23, "num_heads": 3, "tied_embeddings": "none", "norm_kind": "rms", "activation": "swiglu"})"},
      {R"({"norm": "sandwich", "norm_kind": "rms", "positions": "rotary", "activation": "swiglu"})", false},
      {R"({"norm": "sandwich", "positions": "learned"})"},
      {R"({"layers": 3, "shared_layers": true, "norm_kind": "rms", "norm": "post", "positions": "learned"})"},
      {R"({"positions": "none"})"},
      {R"({"positions": "alibi", "num_kv_heads": 2})"},
      {R"({"positions": "relative", "relative_distance": 3})"},
      {R"({"positions": "rotary", "num_kv_heads": 1, "num_heads": 3})"},
      {R"({"positions": "relative", "relative_distance": 20, "num_kv_heads": 2, "norm": "sandwich", "activation": "gelu"})"},
      {R"({"encoder_dim": 30, "encoder_num_heads": 3, "encoder_num_kv_heads": 1, "encoder_positions": "alibi", "encoder_layers": 1,
           "encoder_norm": "post", "encoder_activation": "gelu", "decoder_positions": "sinusoidal", "decoder_layers": 3,
           "decoder_norm_kind": "rms", "decoder_num_kv_heads": 2})",
       false},
      {R"({"encoder_positions": "relative", "decoder_positions": "alibi", "decoder_num_heads": 2, "decoder_num_kv_heads": 1, "norm": "post",
           "coverage_loss": 1.0})"},
      {R"({"family": "language-model", "norm": "sandwich", "positions": "alibi", "num_kv_heads": 1})"},
      {R"({"family": "language-model", "norm_kind": "rms", "activation": "swiglu", "positions": "rotary", "shared_layers": true})"},
      {R"({"family": "language-model", "norm": "post", "activation": "gelu", "tied_embeddings": "none"})", false}};
  const TemporaryDirectory folder;
  const auto sources = sentences(kSourceWords, 1), targets = sentences(kTargetWords, 2);
  const std::vector<std::string> none(sources.size());
  const auto is_language_model = [](const std::string& fields) { return fields.find("language-model") != fields.npos; };
  const auto words = [](const std::vector<std::string>& lines) {
    json split = json::array();
    for (const auto& line : lines) {
      split.push_back(json::array());
      for (size_t begin = 0, end = 0; end != line.npos; begin = end + 1) {
        end = line.find(' ', begin);
        split.back().push_back(line.substr(begin, end - begin));
      }
    }
    return split;
  };
  json cases;
  json with_start = json::array();
  for (auto tokens : words(targets)) {
    tokens.insert(tokens.begin(), "<s>");
    tokens.push_back("</s>");
    with_start.push_back(tokens);
  }
  std::vector<std::vector<TokenScores>> expected(variants.size());
  for (size_t i = 0; i < variants.size(); ++i) {
    INFO(variants[i].fields);
    const auto drawn = draw(variants[i].fields, variants[i].joint);
    const auto directory = folder / fmt::format("model-{}", i);
    export_ctranslate2(drawn.contents, directory, false);
    score_text(*drawn.model, drawn.contents.tokenizers, is_language_model(variants[i].fields) ? none : sources, targets, 1024, {},
               torch::kCPU, &expected[i]);
    cases["models"].push_back(directory.string());
    if (is_language_model(variants[i].fields))
      cases["cases"].push_back({{"texts", with_start}});
    else
      cases["cases"].push_back({{"sources", words(sources)}, {"targets", words(targets)}});
  }
  folder.file("cases.json", cases.dump());
  const auto outcome = run_python(folder.path(), "ctranslate2_score", "cases.json scores.json");
  INFO(outcome.output);
  REQUIRE(outcome.status == 0);
  const auto results = json::parse(read_file(folder / "scores.json"));
  REQUIRE(results.size() == variants.size());
  for (size_t i = 0; i < variants.size(); ++i) {
    INFO(variants[i].fields);
    for (size_t n = 0; n < sources.size(); ++n)
      CHECK(std::abs(results[i]["scores"][n].get<double>() - log_probability_of(expected[i][n])) < 1e-4);
    CHECK(results[i]["stepwise"].get<double>() < 1e-4);
  }
}

TEST_CASE("CTranslate2 translates as we do, greedily and by beam, from the exported tokeniser to the text") {
  if (!programs_are_built({"attnzoo-train", "attnzoo-export"}) || !python_has("ctranslate2, sentencepiece")) return;
  const TemporaryDirectory folder;
  train(folder, "transformer", 450,
        "--set data.tokenizer.kind=sentencepiece-unigram --set data.tokenizer.joint=true --set data.tokenizer.vocabulary_size=420 "
        "--set model.dim=64 --set model.layers=2 --set model.dropout=0");
  // Our search never takes <pad> or <s>, CTranslate2's may: make them too unlikely to matter.
  auto contents = load_checkpoint(find_checkpoint(folder / "run"), false);
  for (const int64_t id : {kPadId, kBosId}) contents.weights["output_bias"][id] = -40.0;
  save_checkpoint(folder / "model", contents);
  for (const auto* command : {"--out float", "--out small --quantize int8"}) {
    const auto outcome = run_merged(folder.path(), std::string("attnzoo-export --run model --format ctranslate2 ") + command);
    INFO(outcome.output);
    REQUIRE(outcome.status == 0);
  }
  CHECK(fs::file_size(folder / "small/model.bin") * 10 < fs::file_size(folder / "float/model.bin") * 6);  // positions stay as they are
  const auto lines = invented_text(150, 3).source;
  folder.file("lines", joined(lines));
  const auto by_ctranslate2 = [&](const std::string& model, const std::string& type, int beam) {
    const auto outcome =
        run_python(folder.path(), "ctranslate2_translate", fmt::format("{} {} {} lines out 60 attention", model, type, beam));
    INFO(outcome.output);
    REQUIRE(outcome.status == 0);
    auto found = json_lines(folder / "out");
    found.pop_back();
    REQUIRE(found.size() == lines.size());
    return found;
  };

  const auto loaded = load_model(folder / "model", torch::kCPU);
  std::vector<json> greedy;
  for (const int beam : {1, 5}) {
    TranslateOptions options;
    options.search.beam = beam;
    options.search.want_attention = beam == 1;
    // CTranslate2 without a length penalty goes on until nothing can overtake the best, and has one maximum for all sentences.
    options.search.length_penalty = 0;
    options.search.patience = std::numeric_limits<double>::infinity();
    options.search.max_length = 60;
    options.search.max_length_ratio = 1000;
    const auto ours = translate(*loaded.model, loaded.tokenizers, lines, options);
    const auto theirs = by_ctranslate2("float", "float32", beam);
    for (size_t i = 0; i < lines.size(); ++i) {
      INFO(lines[i]);
      const auto& hypothesis = ours[i].hypotheses[0];
      CHECK(theirs[i]["ids"].get<std::vector<int32_t>>() == hypothesis.ids);
      CHECK(theirs[i]["text"].get<std::string>() == ours[i].text);
      CHECK(std::abs(theirs[i]["score"].get<double>() - hypothesis.log_probability) < 1e-4);
      if (beam > 1) continue;
      const auto attention = theirs[i]["attention"].get<std::vector<std::vector<float>>>();  // without the row and the column of </s>
      REQUIRE(attention.size() == hypothesis.ids.size());
      for (size_t t = 0; t < attention.size(); ++t)
        for (size_t s = 0; s < attention[t].size(); ++s)
          REQUIRE(std::abs(hypothesis.attention_TS[t][s].item<float>() - attention[t][s]) < 1e-4);
    }
    if (beam == 1) greedy = theirs;
  }

  const auto rounded_by_us = by_ctranslate2("small", "int8", 1), rounded_by_them = by_ctranslate2("float", "int8", 1);
  size_t same = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    CHECK(rounded_by_us[i]["ids"] == rounded_by_them[i]["ids"]);
    CHECK(std::abs(rounded_by_us[i]["score"].get<double>() - rounded_by_them[i]["score"].get<double>()) < 1e-6);
    same += rounded_by_us[i]["ids"] == greedy[i]["ids"];
  }
  INFO(same << " of " << lines.size() << " translations are the same with weights of 8 bits");
  CHECK(same * 4 >= lines.size() * 3);
}

TEST_CASE("what is shared is written once") {
  const TemporaryDirectory folder;
  const auto drawn = draw(R"({"tied_embeddings": "all", "layers": 4, "shared_layers": true, "positions": "rotary"})");
  export_ctranslate2(drawn.contents, folder / "out", false);
  const auto bytes = static_cast<int64_t>(fs::file_size(folder / "out/model.bin"));
  const int64_t weights = 4 * num_parameters(*drawn.model);
  CHECK(bytes > weights);
  CHECK(bytes < weights + 20000);  // names, settings, aliases
}

TEST_CASE("what CTranslate2 cannot express is refused with all reasons before anything is written") {
  const std::string beginning = "--format ctranslate2: the model cannot be exported:\n  ";
  CHECK(refusal(R"({"family": "attention-gru"})") == beginning +
                                                         "model.encoder: CTranslate2 has the encoder 'transformer', not 'recurrent'\n"
                                                         "  model.decoder: CTranslate2 has the decoder 'transformer', not 'recurrent'");
  CHECK(refusal(R"({"family": "transformer-ssru"})") == beginning + "model.autoregression: CTranslate2 has 'attention', not 'ssru'");
  CHECK(refusal(R"({"family": "hybrid"})") == beginning + "model.decoder: CTranslate2 has the decoder 'transformer', not 'recurrent'");
  CHECK(refusal(R"({"family": "language-model", "decoder": "recurrent"})") ==
        beginning + "model.decoder: CTranslate2 has the decoder 'transformer', not 'recurrent'");
  CHECK(
      refusal(R"({"copy": true, "attention_window": 3, "decoder_attention_window": 4, "positions": "alibi", "num_heads": 3, "dim": 12})") ==
      beginning +
          "model.encoder_attention_window: CTranslate2 translates without a window (0), not with one of 3\n"
          "  model.decoder_attention_window: CTranslate2 translates without a window (0), not with one of 4\n"
          "  model.decoder_positions: CTranslate2's ALiBi has other slopes than ours unless the number of heads is a power of two, and "
          "num_heads is 3\n"
          "  model.copy: CTranslate2 cannot copy words from the source");
  TokenizerConfig words;
  words.kind = "words";
  const auto with_mark = train_tokenizer(words, std::vector<std::string>{"a <s> b"});
  CHECK(refusal("{}", {with_mark, with_mark}) ==
        beginning +
            "the joint vocabulary has '<s>' twice, as ids 2 and 4, and CTranslate2 tells tokens apart by their text; learn it from text "
            "without this word");
  CHECK_THAT(refusal("{}", {with_mark, word_pair(true).source}), ContainsSubstring("the source vocabulary has '<s>' twice"));
  CHECK_THAT(refusal("{}", {word_pair(true).source, with_mark}), ContainsSubstring("the target vocabulary has '<s>' twice"));
}

TEST_CASE("weights that do not fit the configuration are refused") {
  const TemporaryDirectory folder;
  auto contents = draw("{}").contents;
  const auto bias = contents.weights["output_bias"];
  contents.weights.erase("output_bias");
  CHECK_THROWS_WITH(export_ctranslate2(contents, folder / "out", false),
                    "the checkpoint lacks the weight output_bias, which its configuration asks for");
  contents.weights["output_bias"] = bias;
  contents.weights["encoder.more"] = contents.weights["encoder.less"] = bias;
  CHECK_THROWS_WITH(export_ctranslate2(contents, folder / "out", false),
                    "the checkpoint has weights that its configuration does not describe: encoder.less, encoder.more");
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("an export replaces an export and nothing else, and leaves nothing where it fails") {
  const TemporaryDirectory folder;
  const auto contents = draw("{}").contents;
  folder.file("letters/of-my-life", "dear");
  CHECK_THROWS_WITH(
      export_ctranslate2(contents, folder / "letters", false),
      (folder / "letters").string() + ": is neither empty nor an unchanged export of this kind (it holds of-my-life); name a new folder");
  CHECK_THROWS_AS(export_ctranslate2(contents, folder / "letters/of-my-life", false), ConfigError);
  CHECK_THROWS_AS(export_ctranslate2(contents, folder / "letters/of-my-life/out", false), DataError);
  CHECK(read_file(folder / "letters/of-my-life") == "dear");
  export_ctranslate2(contents, folder / "out", false);
  const auto before = fs::file_size(folder / "out/model.bin");
  export_ctranslate2(contents, folder / "out", true);
  CHECK(fs::file_size(folder / "out/model.bin") < before);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"letters", "out"});

  // One that the user has changed, and a folder that happens to hold files of the same names.
  folder.file("out/config.json", "tuned by hand");
  CHECK_THROWS_WITH(export_ctranslate2(contents, folder / "out", false), ContainsSubstring("(it holds config.json); name a new folder"));
  CHECK(read_file(folder / "out/config.json") == "tuned by hand");
  folder.file("theirs/model.bin", "of another program");
  CHECK_THROWS_WITH(export_ctranslate2(contents, folder / "theirs", false), ContainsSubstring("(it holds model.bin); name a new folder"));
  CHECK(read_file(folder / "theirs/model.bin") == "of another program");

  const fs::path disk = folder / "disk";
  fs::create_directories(disk);
  if (::geteuid() != 0 || ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    WARN("skipped: mounting a small file system needs root");
    return;
  }
  CHECK_THROWS_WITH(export_ctranslate2(contents, disk / "out", false), ContainsSubstring("No space left on device"));
  CHECK(fs::is_empty(disk));
  ::umount(disk.c_str());
}

TEST_CASE("attnzoo-export refuses an --out that it would destroy before it loads the model, and every file stays") {
  if (!programs_are_built({"attnzoo-export"})) return;
  const TemporaryDirectory folder;
  save_checkpoint(folder / "run/checkpoints/step-000001", draw("{}").contents);
  point_to_checkpoint(folder / "run", "last", "step-000001");
  folder.file("photos/sunset.jpg", "red");
  fs::create_directory_symlink("photos", folder / "album");
  const auto weights = read_file(folder / "run/checkpoints/last/weights.safetensors");
  const auto refused = [&](const std::string& options, const std::string& message) {
    const auto outcome = run_merged(folder.path(), "attnzoo-export --run run " + options);
    CHECK(outcome.status == 1);
    CHECK(outcome.output == "attnzoo-export: error: " + message + "\n");
  };
  for (const std::string format : {"ctranslate2", "huggingface"}) {
    const auto out = "--format " + format + " --out ";
    const std::string kind = ": is neither empty nor an unchanged export of this kind (it holds ", end = "); name a new folder";
    refused(out + "photos", "photos" + kind + "sunset.jpg" + end);
    refused(out + "run", "run" + kind + "checkpoints" + end);
    refused(out + "run/checkpoints/step-000001", "run/checkpoints/step-000001" + kind + "config.json" + end);
    refused(out + "run/checkpoints/last",
            "run/checkpoints/last: is a symbolic link, which is not replaced; name the folder itself or a new one");
    refused(out + "album/", "album: is a symbolic link, which is not replaced; name the folder itself or a new one");
    refused(out + ".",
            fs::canonical(folder.path()).string() + ": is the working folder or one above it, which is not replaced; name a new folder");
  }
  refused(
      "--format torchscript --out run/checkpoints/last/weights.safetensors",
      "--out run/checkpoints/last/weights.safetensors: this is the file that is read (run/checkpoints/step-000001/weights.safetensors); "
      "choose another name");
  CHECK(read_file(folder / "photos/sunset.jpg") == "red");
  CHECK(fs::is_symlink(folder / "album"));
  CHECK(read_file(folder / "run/checkpoints/last/weights.safetensors") == weights);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"album", "photos", "run"});
}

TEST_CASE("attnzoo-export says what --quantize takes") {
  if (!programs_are_built({"attnzoo-export"})) return;
  const TemporaryDirectory folder;
  save_checkpoint(folder / "run", draw("{}").contents);
  const auto problem = [&](const std::string& options) {
    return run_merged(folder.path(), "attnzoo-export --run run --out out " + options);
  };
  const auto unknown = problem("--format ctranslate2 --quantize int4"), elsewhere = problem("--format huggingface --quantize int8");
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.output, ContainsSubstring("--quantize: unknown value 'int4' (did you mean 'int8'?); accepted: int8"));
  CHECK(elsewhere.status == 2);
  CHECK_THAT(elsewhere.output, ContainsSubstring("--quantize: MarianMT has no int8 weights"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

}  // namespace attnzoo::test::ctranslate2
