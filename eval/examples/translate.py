"""Translates standard input with a model that `attnzoo-export --format torchscript` wrote. Needs torch and sentencepiece, nothing of attnzoo.

    python translate.py MODEL.pt [BEAM [BATCH]] < source.txt
"""
import json
import sys

import sentencepiece
import torch

UNK, EOS = 1, 3  # <pad> 0, <unk> 1, <s> 2, </s> 3: attnzoo.json in the file

beam = int(sys.argv[2]) if len(sys.argv) > 2 else 5
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 32
files = {"source.spm": "", "target.spm": "", "source.vocabulary.json": "", "target.vocabulary.json": ""}
model = torch.jit.load(sys.argv[1], _extra_files=files)


def tokenizer(side):
    spm = sentencepiece.SentencePieceProcessor(model_proto=files[side + ".spm"] or files["source.spm"])
    listed = files[side + ".vocabulary.json"] or files["source.vocabulary.json"]  # by id, where the ids are not the .spm's
    return spm, json.loads(listed) if listed else [spm.id_to_piece(i) for i in range(spm.get_piece_size())]


(source, source_pieces), (target, target_pieces) = tokenizer("source"), tokenizer("target")
ids_of = {piece: i for i, piece in enumerate(source_pieces)}
lines = sys.stdin.read().splitlines()
for begin in range(0, len(lines), batch):
    pieces = source.encode(lines[begin : begin + batch], out_type=str)
    sentences = [torch.tensor([ids_of.get(piece, UNK) for piece in line] + [EOS]) for line in pieces]
    with torch.inference_mode():
        ids, length = model.beam(torch.nn.utils.rnn.pad_sequence(sentences, batch_first=True), beam=beam)[:2]
    for row, size in zip(ids[:, 0], length[:, 0]):
        print(target.decode([target_pieces[i] for i in row[:size].tolist()]))
