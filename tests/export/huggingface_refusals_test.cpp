// What MarianMT directories are refused, in which words, and that damaged ones end in an error.
#include <functional>
#include <random>

#include "data/error.h"
#include "tests/export/marian_directories.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

namespace fs = std::filesystem;

std::string export_problem(const std::string& more_fields, const TokenizerPair& tokenizers) {
  const TemporaryDirectory folder;
  auto contents = marian_checkpoint("", marian_tokenizers(true));
  contents.config["model"] = complete_model_config(nlohmann::json::parse("{" + kMarianShape + more_fields + "}"));
  contents.tokenizers = tokenizers;
  try {
    export_huggingface(contents, folder / "out");
  } catch (const ConfigError& error) {
    CHECK(fs::is_empty(folder.path()));
    return error.what();
  }
  return "exported";
}

// A sound directory, and copies of it in which one file is another.
struct SoundDirectory {
  TemporaryDirectory folder;
  fs::path sound = folder / "sound", changed = folder / "changed";

  SoundDirectory() { export_huggingface(marian_checkpoint("", marian_tokenizers(true)), sound); }

  std::string problem_with(const std::string& file, const std::string& content) const {
    fs::remove_all(changed);
    fs::copy(sound, changed);
    write_file(changed / file, content);
    return problem();
  }
  std::string problem_without(const std::string& file, const std::string& instead = "") const {
    fs::remove_all(changed);
    fs::copy(sound, changed);
    fs::remove(changed / file);
    if (!instead.empty()) write_file(changed / instead, "x");
    return problem();
  }
  // With fields of config.json, or of vocab.json, changed.
  std::string problem_with_fields(const std::string& file, const nlohmann::json& fields) const {
    auto json = nlohmann::json::parse(read_file(sound / file));
    for (const auto& [key, value] : fields.items()) json[key] = value;
    return problem_with(file, json.dump());
  }
  std::string problem_with_tensors(const std::function<void(NamedTensors&)>& change) const {
    auto tensors = load_safetensors(sound / "model.safetensors");
    change(tensors);
    fs::remove_all(changed);
    fs::copy(sound, changed);
    save_safetensors(changed / "model.safetensors", tensors, {{"format", "pt"}});
    return problem();
  }
  // The message, with DIR for the directory.
  std::string problem() const {
    try {
      import_huggingface(changed);
    } catch (const Error& error) {
      std::string text = error.what();
      for (size_t at; (at = text.find(changed.string())) != text.npos;) text.replace(at, changed.string().size(), "DIR");
      return text;
    }
    return "imported";
  }
};

}  // namespace

TEST_CASE("what MarianMT cannot express is refused, all of it together, and nothing is written") {
  const auto joint = marian_tokenizers(true);
  const std::string begin = "--format huggingface: the model is not one that MarianMT can express: ";
  CHECK(export_problem("", joint) == "exported");
  CHECK(export_problem(R"(, "num_kv_heads": 4, "encoder_dropout": 0.3, "shared_layers": true)", joint) != begin);
  CHECK(export_problem(R"(, "norm": "pre")", joint) ==
        begin + "the encoder's norm is pre, MarianMT has post; the decoder's norm is pre, MarianMT has post");
  CHECK(export_problem(R"(, "encoder_norm_kind": "rms", "decoder_positions": "rotary", "decoder_num_kv_heads": 2)", joint) ==
        begin +
            "the encoder's norm_kind is rms, MarianMT has layer; the decoder's positions is rotary, MarianMT has sinusoidal; the "
            "decoder's num_kv_heads is 2, MarianMT has as many as num_heads");
  CHECK(export_problem(R"(, "encoder_activation": "swiglu", "encoder_attention_window": 3)", joint) ==
        begin +
            "the encoder's activation is swiglu, MarianMT has relu, gelu, silu; the encoder's attention_window is 3, MarianMT has none; "
            "the encoder's activation is swiglu and the decoder's relu, MarianMT has one");
  CHECK(export_problem(R"(, "autoregression": "ssru")", joint) == begin + "the decoder's autoregression is ssru, MarianMT has attention");
  CHECK(export_problem(R"(, "encoder_model_dim": 16, "tied_embeddings": "none", "copy": true)", joint) ==
        begin + "the model copies words (copy), MarianMT does not; the encoder's dim is 16 and the decoder's 32, MarianMT has one");
  CHECK(export_problem(R"(, "decoder": "recurrent")", joint) == begin + "the decoder is 'recurrent', MarianMT's is a 'transformer'");
  const auto words = train_labels(std::vector<std::string>{"a"});
  CHECK(export_problem("", {joint.source, words}) == begin + "the target tokeniser is of kind labels, MarianMT needs SentencePiece");
}

TEST_CASE("a checkpoint whose weights are another model's is not exported") {
  const TemporaryDirectory folder;
  auto contents = marian_checkpoint("", marian_tokenizers(true));
  contents.weights["encoder.layer_1.feed_forward.inner.bias"] = torch::zeros({3});
  CHECK_THROWS_WITH(export_huggingface(contents, folder / "out"),
                    Equals("the checkpoint's tensor 'encoder.layer_1.feed_forward.inner.bias' is [3], and its model's [40]"));
  contents.weights.erase("output_bias");
  CHECK_THROWS_WITH(export_huggingface(contents, folder / "out"), Equals("the checkpoint has no tensor 'output_bias'"));
  contents.config.erase("model");
  CHECK_THROWS_WITH(export_huggingface(contents, folder / "out"), Equals("the checkpoint's config.json has no section 'model'"));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a MarianMT directory that is incomplete is refused with what is missing and what to do") {
  const SoundDirectory directory;
  CHECK(directory.problem_with("README.md", "hello") == "imported");
  for (const char* file : {"config.json", "vocab.json", "source.spm", "target.spm"})
    CHECK(directory.problem_without(file) == fmt::format("DIR/{}: no such file", file));
  CHECK(directory.problem_without("model.safetensors") ==
        "DIR/model.safetensors: no such file; a MarianMT directory keeps its weights there");
  const std::string rewrite =
      "python -c \"from transformers import MarianMTModel as M; M.from_pretrained('DIR').save_pretrained('DIR', max_shard_size='9GB')\"";
  CHECK(directory.problem_without("model.safetensors", "pytorch_model.bin") ==
        "DIR/model.safetensors: no such file; pytorch_model.bin is a pickle, which can run any program when it is read, so it is "
        "not. If you trust it, convert it: " +
            rewrite);
  CHECK(directory.problem_without("model.safetensors", "model.safetensors.index.json") ==
        "DIR/model.safetensors: no such file; the weights are in several files, merge them: " + rewrite);
  fs::remove_all(directory.changed);
  CHECK(directory.problem() ==
        "DIR: no such directory; a MarianMT directory holds config.json, model.safetensors, source.spm, target.spm and vocab.json");
}

TEST_CASE("a config.json that is not a MarianMT model's is refused with every field") {
  const SoundDirectory directory;
  const auto problem = [&](const char* fields) { return directory.problem_with_fields("config.json", nlohmann::json::parse(fields)); };
  CHECK(problem(R"({"eos_token_id": [3], "num_beams": 6, "bos_token_id": null, "classif_dropout": 0.0})") == "imported");
  CHECK(problem(R"({"model_type": "bart", "normalize_before": true, "add_final_layer_norm": true})") ==
        "DIR: config.json.model_type: 'bart' is not a MarianMT model; only 'marian' can be imported; config.json.normalize_before: "
        "must be false, got true: a MarianMT model is post-norm; config.json.add_final_layer_norm: must be false, got true: a MarianMT "
        "model has no norm after its last layer");
  CHECK_THAT(problem(R"({"normalize_embedding": true})"), ContainsSubstring("a MarianMT model does not normalize its embeddings"));
  CHECK_THAT(problem(R"({"static_position_embeddings": false})"), ContainsSubstring("a MarianMT model has sinusoidal positions"));
  CHECK_THAT(problem(R"({"is_encoder_decoder": false})"), ContainsSubstring("a MarianMT model has an encoder and a decoder"));
  CHECK(problem(R"({"activation_function": "gelu_new"})") ==
        "DIR: config.json.activation_function: unknown value 'gelu_new'; accepted: relu, gelu, swish, silu");
  CHECK(
      problem(R"({"d_model": "64", "encoder_layers": 0, "decoder_start_token_id": 9999})") ==
      fmt::format("DIR: config.json.d_model: must be an integer, got the string \"64\"; config.json.encoder_layers: must be between 1 and "
                  "1000, got 0; config.json.decoder_start_token_id: must be an id from 0 to {}, got 9999",
                  marian_tokenizers(true).source->vocabulary_size() - 1));
  CHECK(problem(R"({"tie_word_embeddings": false})") ==
        "DIR: config.json.tie_word_embeddings: must be true with share_encoder_decoder_embeddings, where one table serves both sides and "
        "the output");
  CHECK_THAT(problem(R"({"decoder_vocab_size": 5})"), ContainsSubstring("config.json.decoder_vocab_size: must equal vocab_size (") &&
                                                          ContainsSubstring(") with share_encoder_decoder_embeddings, got 5"));
  CHECK(problem(R"({"encoder_attention_heads": 5, "dropout": 1.5})") ==
        "DIR/config.json: does not describe a model: model.dropout: must be in [0, 1), got 1.5; model.dim: must be even and a multiple "
        "of num_heads (5), got 32");
  CHECK(problem(R"({"encoder_layers": 1000})") ==
        "DIR/model.safetensors: has 86 tensors, too few for the 1000 encoder and 2 decoder layers of config.json");
  CHECK(problem(R"({"encoder_layers": 1000000000, "d_model": 1000000})") ==
        "DIR: config.json.d_model: must be between 1 and 65536, got 1000000; config.json.encoder_layers: must be between 1 and 1000, got "
        "1000000000");
  CHECK_THAT(problem(R"({"d_model": 20000, "encoder_attention_heads": 4, "decoder_attention_heads": 4})"),
             ContainsSubstring("DIR/model.safetensors: does not match config.json: "));
  CHECK(problem(R"({"eos_token_id": 5})") == "DIR/vocab.json: gives '</s>' the id 3, but config.json has eos_token_id 5");
  CHECK_THAT(directory.problem_with("config.json", "[1]"), ContainsSubstring("DIR: config.json: must be an object, got a list"));
  CHECK_THAT(directory.problem_with("config.json", "{\"model_type\": "), ContainsSubstring("DIR/config.json:1: "));
}

TEST_CASE("a vocabulary that does not name every row once is refused") {
  const SoundDirectory directory;
  const auto size = marian_tokenizers(true).source->vocabulary_size();
  const auto problem = [&](const nlohmann::json& fields) { return directory.problem_with_fields("vocab.json", fields); };
  CHECK(problem({{"</s>", 2}}) == "DIR/vocab.json: the pieces '</s>' and '<s>' both have the id 2");
  CHECK(problem({{"</s>", -1}}) ==
        fmt::format("DIR/vocab.json: the piece '</s>' has the id -1; it must be an integer from 0 to {}", size - 1));
  CHECK(problem({{"</s>", size}}) ==
        fmt::format("DIR/vocab.json: the piece '</s>' has the id {}; it must be an integer from 0 to {}", size, size - 1));
  CHECK(problem({{"</s>", "3"}}) ==
        fmt::format("DIR/vocab.json: the piece '</s>' has the id \"3\"; it must be an integer from 0 to {}", size - 1));
  CHECK(problem({{"another", size}}) ==
        fmt::format("DIR/vocab.json: has {} pieces, but config.json gives the table {} rows", size + 1, size));
  CHECK(directory.problem_with("vocab.json", "[]") == "DIR/vocab.json: must be an object of pieces with their ids");
  auto renamed = nlohmann::json::parse(read_file(directory.sound / "vocab.json"));
  renamed.erase("<unk>");
  renamed["unknown"] = 1;
  CHECK(directory.problem_with("vocab.json", renamed.dump()) == "DIR/vocab.json: has no piece '<unk>', which every Marian vocabulary has");
}

TEST_CASE("weights that are not the model of config.json are refused by name") {
  const SoundDirectory directory;
  const std::string begin = "DIR/model.safetensors: does not match config.json: ";
  CHECK(directory.problem_with_tensors([](NamedTensors& tensors) {
    tensors.erase("model.decoder.layers.1.fc1.bias");
    tensors["model.encoder.layers.0.fc1.weight"] = torch::zeros({3, 4});
    tensors["model.encoder.layers.0.fc2.bias"] = torch::zeros({32}, torch::kLong);
    tensors["adapter.weight"] = torch::zeros({1});
  }) == begin +
            "'model.encoder.layers.0.fc1.weight' is F32 [3, 4], expected float [40, 32], "
            "'model.encoder.layers.0.fc2.bias' is I64 [32], expected float [32], 'model.decoder.layers.1.fc1.bias' is "
            "missing, 'adapter.weight' is unknown");
  CHECK(directory.problem_with_tensors([](NamedTensors& tensors) { tensors["lm_head.weight"] = tensors.at("model.shared.weight") + 1; }) ==
        begin + "'lm_head.weight' differs from 'model.shared.weight', but config.json makes them one table");
  CHECK(directory.problem_with_tensors([](NamedTensors& tensors) {
    tensors["model.encoder.embed_positions.weight"] = torch::randn({9, 32});
  }) == begin + "'model.encoder.embed_positions.weight' does not hold the sinusoids of Vaswani et al. 2017");
  // What older programs wrote: half precision, tables under all their names, the bias left out.
  CHECK(directory.problem_with_tensors([](NamedTensors& tensors) {
    tensors.erase("final_logits_bias");
    for (auto& [name, tensor] : tensors) tensor = tensor.to(torch::kHalf);
    tensors["lm_head.weight"] = tensors["model.encoder.embed_tokens.weight"] = tensors.at("model.shared.weight");
  }) == "imported");
}

TEST_CASE("damaged MarianMT directories end in an error or in a model, never in a crash") {
  const SoundDirectory directory;
  std::mt19937_64 random(5);
  int num_refused = 0;
  for (const char* file : {"config.json", "vocab.json", "source.spm", "model.safetensors"}) {
    const auto sound = read_file(directory.sound / file);
    for (int i = 0; i < 60; ++i) {
      auto damaged = sound;
      if (i % 6 == 0) damaged.resize(random() % sound.size());
      if (i % 6 == 1) std::generate(damaged.begin(), damaged.end(), [&] { return static_cast<char>(random()); });
      // Headers and lengths stand at the beginning.
      const size_t within = i % 2 == 0 ? sound.size() : std::min<size_t>(sound.size(), 400);
      for (int bit = 0; i % 6 > 1 && bit < 1 + i % 4 * 3; ++bit) damaged[random() % within] ^= static_cast<char>(1 << random() % 8);
      INFO(file << " " << i);
      const auto problem = directory.problem_with(file, damaged);
      num_refused += problem == "imported" ? 0 : 1;
      if (problem != "imported") continue;
      const auto contents = import_huggingface(directory.changed);
      for (const char* line : {"w1 w2 w3", "\xE6\xBC\xA2\xE5\xAD\x97 \xEF\xAC\x81 \xC3\xA9", "\xFF\xFE \xED\xA0\x80"}) {
        try {
          contents.tokenizers.target->decode(contents.tokenizers.source->encode(line));
        } catch (const Error&) {
        }
      }
    }
  }
  CHECK(num_refused > 100);
}

}  // namespace attnzoo::test
