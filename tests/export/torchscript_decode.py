"""Decodes a text with an exported model, in several ways in one process: for each BEAM:BATCH a file OUT.BEAM.BATCH, a line a sentence.

    torchscript_decode.py MODEL.pt TEXT OUT BEAM:BATCH ...      beam 1: the model's greedy()
"""
import sys

import sentencepiece
import torch

model_file, text_file, out = sys.argv[1:4]
torch.set_num_threads(1)
files = {"source.spm": "", "target.spm": ""}
model = torch.jit.load(model_file, _extra_files=files)
source = sentencepiece.SentencePieceProcessor(model_proto=files["source.spm"])
target = sentencepiece.SentencePieceProcessor(model_proto=files["target.spm"] or files["source.spm"])
sentences = [torch.tensor(ids + [3]) for ids in source.encode(open(text_file, encoding="utf-8").read().splitlines())]


def decode(batch, beam):
    padded = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True)
    if beam == 1:
        return model.greedy(padded)[:2]
    ids, length = model.beam(padded, beam=beam)[:2]
    return ids[:, 0], length[:, 0]


for way in sys.argv[4:]:
    beam, size = map(int, way.split(":"))
    with open(f"{out}.{beam}.{size}", "w", encoding="utf-8") as file, torch.inference_mode():
        for begin in range(0, len(sentences), size):
            for row, length in zip(*decode(sentences[begin : begin + size], beam)):
                file.write(target.decode(row[:length].tolist()) + "\n")
