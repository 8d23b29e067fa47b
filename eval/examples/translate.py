"""Translates standard input with a model that `attnzoo-export --format torchscript` wrote. Needs torch and sentencepiece, nothing of attnzoo.

    python translate.py MODEL.pt [BEAM [BATCH]] < source.txt
"""
import sys

import sentencepiece
import torch

EOS = 3  # <pad> 0, <unk> 1, <s> 2, </s> 3: attnzoo.json in the file

beam = int(sys.argv[2]) if len(sys.argv) > 2 else 5
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 32
files = {"source.spm": "", "target.spm": ""}
model = torch.jit.load(sys.argv[1], _extra_files=files)
source = sentencepiece.SentencePieceProcessor(model_proto=files["source.spm"])
target = sentencepiece.SentencePieceProcessor(model_proto=files["target.spm"] or files["source.spm"])

lines = sys.stdin.read().splitlines()
for begin in range(0, len(lines), batch):
    sentences = [torch.tensor(ids + [EOS]) for ids in source.encode(lines[begin : begin + batch])]
    padded = torch.nn.utils.rnn.pad_sequence(sentences, batch_first=True)
    with torch.inference_mode():
        ids, length = model.beam(padded, beam=beam)[:2]
    for row, size in zip(ids[:, 0], length[:, 0]):
        print(target.decode(row[:size].tolist()))
