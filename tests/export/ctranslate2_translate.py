"""Translates lines as a user of the directory would: ctranslate2_translate.py FOLDER COMPUTE_TYPE BEAM LINES OUT [MAX_LENGTH [attention]].

OUT: a JSON object a line, {"ids", "score", "attention", "text"}; the last line is {"seconds": ..}, loading excluded.
"""

import json
import os
import sys
import time

import ctranslate2
import sentencepiece

folder, compute_type, beam, lines, out = sys.argv[1:6]
max_length = int(sys.argv[6]) if len(sys.argv) > 6 else 256

model = ctranslate2.Translator(folder, compute_type=compute_type, inter_threads=2, intra_threads=1)
source = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "source.spm"))
target_file = os.path.join(folder, "target.spm")
target = sentencepiece.SentencePieceProcessor(model_file=target_file) if os.path.exists(target_file) else source
side = "target" if target is not source else "shared"
with open(os.path.join(folder, side + "_vocabulary.json"), encoding="utf-8") as file:
    ids = {token: number for number, token in enumerate(json.load(file))}

with open(lines, encoding="utf-8") as file:
    text = [line.rstrip("\n") for line in file]
begin = time.monotonic()
results = model.translate_batch(
    source.encode(text, out_type=str),
    beam_size=int(beam),
    length_penalty=0,
    min_decoding_length=0,
    max_decoding_length=max_length,
    return_scores=True,
    return_attention=sys.argv[7:] == ["attention"],
    max_batch_size=32,
)
translations = [target.decode(result.hypotheses[0]) for result in results]
seconds = time.monotonic() - begin
with open(out, "w", encoding="utf-8") as file:
    for result, translation in zip(results, translations):
        found = {
            "ids": [ids[token] for token in result.hypotheses[0]],
            "score": result.scores[0],
            "attention": result.attention[0] if result.attention else [],
            "text": translation,
        }
        file.write(json.dumps(found) + "\n")
    file.write(json.dumps({"seconds": seconds}) + "\n")
