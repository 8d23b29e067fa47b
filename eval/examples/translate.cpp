// Translates standard input with a model that `attnzoo-export --format torchscript` wrote. Needs LibTorch, SentencePiece and nlohmann-json,
// nothing of attnzoo.
//   translate MODEL.pt [BEAM [BATCH]] < source.txt
#include <sentencepiece_processor.h>
#include <torch/script.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>

// LibTorch and Debian's libsentencepiece both define this, in different sizes; the program's own comes before both and is large enough.
alignas(64) char FLAGS_minloglevel[256];

namespace {

using Strings = std::vector<std::string>;
const int64_t kUnk = 1, kEos = 3;  // <pad> 0, <unk> 1, <s> 2, </s> 3: attnzoo.json in the file

// Text to pieces and ids, and back, for one side.
struct Pieces {
  Pieces(const std::string& spm, const std::string& listed, bool split_at_spaces) : has_model(!spm.empty()), words(split_at_spaces) {
    if (has_model && !model.LoadFromSerializedProto(spm).ok()) throw std::runtime_error("SentencePiece cannot load its tokeniser");
    if (!listed.empty()) of_id = nlohmann::json::parse(listed).get<Strings>();  // by id, where the ids are not the model's
    for (int i = 0; listed.empty() && i < model.GetPieceSize(); ++i) of_id.push_back(model.IdToPiece(i));
    for (size_t i = 0; i < of_id.size(); ++i) id_of[of_id[i]] = static_cast<int64_t>(i);
  }
  Strings cut(const std::string& line) const {
    Strings pieces;
    if (has_model) return model.Encode(line, &pieces), pieces;
    for (size_t begin = 0, end; begin < line.size(); begin = end + words) {  // words at spaces, characters of UTF-8 at their first bytes
      end = words ? std::min(line.find(' ', begin), line.size()) : begin + 1;
      while (!words && end < line.size() && (line[end] & 0xC0) == 0x80) ++end;
      if (end > begin) pieces.push_back(line.substr(begin, end - begin));
    }
    return pieces;
  }
  std::string join(const Strings& pieces) const {
    std::string text;
    if (has_model) return model.Decode(pieces, &text), text;
    for (const auto& piece : pieces) text += (words && !text.empty() ? " " : "") + (piece == of_id[kUnk] ? "\xE2\x81\x87" : piece);
    return text;
  }
  bool has_model, words;
  Strings of_id;
  std::unordered_map<std::string, int64_t> id_of;
  sentencepiece::SentencePieceProcessor model;
};

void translate(const char* file, int64_t beam, size_t batch) {
  torch::jit::ExtraFilesMap files;
  for (const char* name : {"attnzoo.json", "config.json", "source.spm", "target.spm", "source.vocabulary.json", "target.vocabulary.json"})
    files[name] = "";
  auto module = torch::jit::load(file, torch::kCPU, files);
  if (files["attnzoo.json"].empty()) throw std::runtime_error("not written by attnzoo-export: it holds no attnzoo.json");
  const auto about = nlohmann::json::parse(files["attnzoo.json"]), config = nlohmann::json::parse(files["config.json"]);
  if (about["task"] == "classification" || about["task"] == "language-model")
    throw std::runtime_error("its task is " + about["task"].get<std::string>() +
                             ", this program translates; README.txt in the file shows how to call it");
  const auto either = [&](const char* name, const char* other) { return files[name].empty() ? files[other] : files[name]; };
  const bool words = config["data"]["tokenizer"]["kind"] == "words", copies = config["model"].value("copy", false);
  const Pieces source(files["source.spm"], files["source.vocabulary.json"], words);
  const Pieces target(either("target.spm", "source.spm"), either("target.vocabulary.json", "source.vocabulary.json"), words);
  const auto num_pieces = static_cast<int64_t>(source.of_id.size());

  const c10::InferenceMode inference;
  bool first_line = true;
  for (std::string line; std::cin;) {
    std::vector<Strings> lines;
    std::vector<torch::Tensor> sentences;  // of the lines that are not blank
    while (lines.size() < batch && std::getline(std::cin, line)) {
      if (first_line && line.rfind("\xEF\xBB\xBF", 0) == 0) line.erase(0, 3);  // a byte order mark
      first_line = false;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      lines.push_back(source.cut(line));
      std::vector<int64_t> ids;
      for (const auto& piece : lines.back()) {
        const auto known = source.id_of.find(piece);
        // A model that copies knows the piece at position s of the source, where its vocabulary lacks it, by the id num_pieces + s.
        const auto first = std::find(lines.back().begin(), lines.back().end(), piece) - lines.back().begin();
        ids.push_back(known != source.id_of.end() ? known->second : copies ? num_pieces + first : kUnk);
      }
      ids.push_back(kEos);
      if (ids.size() > 1) sentences.push_back(torch::tensor(ids));
    }
    torch::Tensor ids, length;
    if (!sentences.empty()) {
      const auto result = module.get_method("beam")({at::pad_sequence(sentences, /*batch_first=*/true)}, {{"beam", beam}}).toTuple();
      ids = result->elements()[0].toTensor(), length = result->elements()[1].toTensor();
    }
    int64_t b = 0;
    for (const auto& pieces : lines) {
      Strings output;
      for (int64_t t = 0; !pieces.empty() && t < length[b][0].item<int64_t>(); ++t) {
        const auto id = ids[b][0][t].item<int64_t>();
        output.push_back(copies && id >= num_pieces ? pieces.at(id - num_pieces) : target.of_id.at(id));
      }
      std::cout << target.join(output) << "\n";
      b += !pieces.empty();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::cerr << "Usage: translate MODEL.pt [BEAM [BATCH]] < source.txt\n", 2;
  try {
    translate(argv[1], argc > 2 ? std::stoll(argv[2]) : 5, argc > 3 ? std::stoul(argv[3]) : 32);
  } catch (const c10::Error& error) {
    return std::cerr << argv[1] << ": " << error.what_without_backtrace() << "\n", 1;
  } catch (const std::exception& error) {
    return std::cerr << argv[1] << ": " << error.what() << "\n", 1;
  }
}
