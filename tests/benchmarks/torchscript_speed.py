"""Seconds that an exported model takes for a text, beside tests/benchmarks/exports_speed.sh; also what its first calls cost.

    torchscript_speed.py MODEL.pt TEXT THREADS BEAM [REPEATS] [simple]

Batches of 32, longest first, as attnzoo-translate makes them. `simple`: LibTorch's executor without profiling. Prints a JSON line.
"""
import json
import statistics
import sys
import time

import sentencepiece
import torch

model_file, text_file, threads, beam = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
repeats = int(sys.argv[5]) if len(sys.argv) > 5 else 3
torch.set_num_threads(threads)
if "simple" in sys.argv:
    torch._C._jit_set_profiling_executor(False)
files = {"source.spm": ""}
begin = time.perf_counter()
model = torch.jit.load(model_file, _extra_files=files)
load = time.perf_counter() - begin
source = sentencepiece.SentencePieceProcessor(model_proto=files["source.spm"])
lines = open(text_file, encoding="utf-8").read().splitlines()
sentences = sorted((torch.tensor(ids + [3]) for ids in source.encode(lines)), key=len, reverse=True)
batches = [torch.nn.utils.rnn.pad_sequence(sentences[i : i + 32], batch_first=True) for i in range(0, len(sentences), 32)]


def decode(batch):
    begin = time.perf_counter()
    if beam == 1:
        model.greedy(batch)
    else:
        model.beam(batch, beam=beam)
    return time.perf_counter() - begin


with torch.inference_mode():
    first = [decode(sentences[len(sentences) // 2].unsqueeze(0)) for _ in range(5)]
    for batch in batches[:3]:
        decode(batch)
    seconds = statistics.median(sum(decode(batch) for batch in batches) for _ in range(repeats))
print(json.dumps({"seconds": round(seconds, 3), "load": round(load, 3), "first_calls_of_one_sentence": [round(f, 4) for f in first]}))
