// Translates standard input with a model that `attnzoo-export --format torchscript` wrote. Needs LibTorch and SentencePiece, nothing of
// attnzoo.
//   translate MODEL.pt [BEAM [BATCH]] < source.txt
#include <sentencepiece_processor.h>
#include <torch/script.h>

#include <iostream>

// LibTorch and Debian's libsentencepiece both define this, in different sizes; the program's own comes before both and is large enough.
alignas(64) char FLAGS_minloglevel[256];

int main(int argc, char** argv) {
  const int64_t beam = argc > 2 ? std::stoll(argv[2]) : 5, batch = argc > 3 ? std::stoll(argv[3]) : 32;
  const int kEos = 3;  // <pad> 0, <unk> 1, <s> 2, </s> 3: attnzoo.json in the file
  torch::jit::ExtraFilesMap files = {{"source.spm", ""}, {"target.spm", ""}, {"source.vocabulary.json", ""}};
  auto model = torch::jit::load(argv[1], torch::kCPU, files);
  if (!files["source.vocabulary.json"].empty()) return std::cerr << "its ids are not those of a SentencePiece model\n", 1;
  sentencepiece::SentencePieceProcessor source, target;
  source.LoadFromSerializedProto(files["source.spm"]);
  target.LoadFromSerializedProto(files["target.spm"].empty() ? files["source.spm"] : files["target.spm"]);
  const c10::InferenceMode inference;
  for (std::string line; std::cin;) {
    std::vector<torch::Tensor> sentences;
    while (static_cast<int64_t>(sentences.size()) < batch && std::getline(std::cin, line)) {
      auto ids = source.EncodeAsIds(line);
      ids.push_back(kEos);
      sentences.push_back(torch::tensor(ids, torch::kLong));
    }
    if (sentences.empty()) break;
    const auto result = model.get_method("beam")({at::pad_sequence(sentences, /*batch_first=*/true)}, {{"beam", beam}}).toTuple();
    const auto ids = result->elements()[0].toTensor().to(torch::kInt), length = result->elements()[1].toTensor();
    for (int64_t b = 0; b < ids.size(0); ++b) {
      const auto best = ids[b][0].narrow(0, 0, length[b][0].item<int64_t>()).contiguous();
      std::cout << target.DecodeIds({best.data_ptr<int>(), best.data_ptr<int>() + best.numel()}) << "\n";
    }
  }
}
