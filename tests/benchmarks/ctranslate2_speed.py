"""Target tokens per second of CTranslate2 on an export of attnzoo, loading excluded: the median of three runs.

    attnzoo-export --run RUN --format ctranslate2 --out MODEL
    spm_encode or attnzoo's own pieces: one sentence per line in PIECES, pieces separated by spaces
    python ctranslate2_speed.py MODEL PIECES [BEAM [BATCH [int8]]]

Two workers of one thread each, as attnzoo-translate runs with --threads 2, and no length penalty. Needs ctranslate2 (tests/peers.txt).
"""
import statistics
import sys
import time

import ctranslate2

if len(sys.argv) < 3:
    sys.exit(__doc__)
model, pieces = sys.argv[1:3]
beam = int(sys.argv[3]) if len(sys.argv) > 3 else 5
batch = int(sys.argv[4]) if len(sys.argv) > 4 else 32
compute = sys.argv[5] if len(sys.argv) > 5 else "float32"

with open(pieces, encoding="utf-8") as file:
    sentences = [line.split() for line in file]
translator = ctranslate2.Translator(model, inter_threads=2, intra_threads=1, compute_type=compute)
rates = []
for _ in range(3):
    begin = time.perf_counter()
    results = translator.translate_batch(sentences, beam_size=beam, max_batch_size=batch, length_penalty=0, max_decoding_length=256)
    tokens = sum(len(result.hypotheses[0]) for result in results)
    rates.append(tokens / (time.perf_counter() - begin))
print(f"{model}: beam {beam}, batches of {batch}, {compute}: {statistics.median(rates):.0f} tokens/s")
