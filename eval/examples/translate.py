"""Translates standard input with a model that `attnzoo-export --format torchscript` wrote. Needs torch, and sentencepiece where the model's
tokeniser is one; nothing of attnzoo.

    python translate.py MODEL.pt [BEAM [BATCH]] < source.txt
"""
import json
import sys

EOS = 3  # <pad> 0, <unk> 1, <s> 2, </s> 3: attnzoo.json in the file
UNK = 1

if len(sys.argv) < 2:
    sys.exit(__doc__)
import torch  # after the usage, which needs none

beam = int(sys.argv[2]) if len(sys.argv) > 2 else 5
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 32
names = ["attnzoo.json", "config.json", "source.spm", "target.spm", "source.vocabulary.json", "target.vocabulary.json"]
files = dict.fromkeys(names, "")
model = torch.jit.load(sys.argv[1], _extra_files=files)
if not files["attnzoo.json"]:
    sys.exit(f"{sys.argv[1]}: not written by attnzoo-export: it holds no attnzoo.json")
task, config = json.loads(files["attnzoo.json"])["task"], json.loads(files["config.json"])
if task in ("classification", "language-model"):
    sys.exit(f"{sys.argv[1]}: its task is {task}, this program translates; README.txt in the file shows how to call it")


class Pieces:
    """Text to pieces and ids, and back, for one side."""

    def __init__(self, side):
        spm = files[side + ".spm"] or files["source.spm"]
        listed = files[side + ".vocabulary.json"] or files["source.vocabulary.json"]  # by id, where the ids are not the .spm's
        self.spm = None
        if spm:
            import sentencepiece

            self.spm = sentencepiece.SentencePieceProcessor(model_proto=spm)
        self.between = " " if config["data"]["tokenizer"]["kind"] == "words" else ""
        self.of_id = json.loads(listed) if listed else [self.spm.id_to_piece(i) for i in range(self.spm.get_piece_size())]
        self.id_of = {piece: i for i, piece in enumerate(self.of_id)}

    def cut(self, line):
        if self.spm:
            return self.spm.encode(line, out_type=str)
        return [word for word in line.split(" ") if word] if self.between else list(line)

    def join(self, pieces):
        if self.spm:
            return self.spm.decode(pieces)
        return self.between.join("\u2047" if piece == self.of_id[UNK] else piece for piece in pieces)


source, target = Pieces("source"), Pieces("target")
num_pieces = len(source.of_id)
copies = config["model"].get("copy", False)


def encode(pieces):
    """A model that copies knows the piece at position s of the source, where its vocabulary lacks it, by the id num_pieces + s."""
    unknown = [num_pieces + pieces.index(piece) if copies else UNK for piece in pieces]
    return torch.tensor([source.id_of.get(piece, other) for piece, other in zip(pieces, unknown)] + [EOS])


def decode(ids, pieces):
    return target.join([target.of_id[i] if i < num_pieces or not copies else pieces[i - num_pieces] for i in ids])


lines = sys.stdin.buffer.read().decode("utf-8-sig").split("\n")
if lines[-1] == "":
    lines.pop()
lines = [line.removesuffix("\r") for line in lines]
lines = ["" if line.isspace() else line for line in lines]
for begin in range(0, len(lines), batch):
    pieces = [source.cut(line) for line in lines[begin : begin + batch]]
    output = [""] * len(pieces)
    full = [i for i in range(len(pieces)) if pieces[i]]  # the others are blank
    if full:
        sentences = torch.nn.utils.rnn.pad_sequence([encode(pieces[i]) for i in full], batch_first=True)
        with torch.inference_mode():
            ids, length = model.beam(sentences, beam=beam)[:2]
        for i, row, size in zip(full, ids[:, 0], length[:, 0]):
            output[i] = decode(row[:size].tolist(), pieces[i])
    print("\n".join(output))
