"""What transformers makes of MarianMT directories.

    marian_run.py LINES.source LINES.target DIRECTORY..

writes in each DIRECTORY run.safetensors, with for line i (ids are the directory's own)
    source.i, target.i   what the tokeniser makes of the line
    logits.i             teacher-forced on target.i, one row an id
    greedy.i, beam.i     what is generated, without the token that the decoder begins with
and run.json with the texts: {"greedy": [..], "beam": [..]}.
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import MarianMTModel, MarianTokenizer


def read(file):
    with open(file, encoding="utf-8") as lines:
        return lines.read().splitlines()


def run(directory, sources, targets):
    tokenizer = MarianTokenizer.from_pretrained(directory)
    model = MarianMTModel.from_pretrained(directory).eval()
    start = torch.tensor([model.config.decoder_start_token_id])
    tensors, texts = {}, {"greedy": [], "beam": []}
    for i, (source, target) in enumerate(zip(sources, targets)):
        source_ids = tokenizer([source], return_tensors="pt")
        target_ids = tokenizer(text_target=[target], return_tensors="pt").input_ids[0]
        with torch.no_grad():
            logits = model(**source_ids, decoder_input_ids=torch.cat([start, target_ids[:-1]])[None]).logits[0]
        tensors |= {f"source.{i}": source_ids.input_ids[0].clone(), f"target.{i}": target_ids.clone(), f"logits.{i}": logits.clone()}
        for kind, beams in (("greedy", 1), ("beam", 4)):
            ids = model.generate(
                **source_ids, num_beams=beams, length_penalty=0.0, early_stopping=beams > 1, do_sample=False, max_length=60, forced_eos_token_id=None
            )[0][1:]
            tensors[f"{kind}.{i}"] = ids.clone()
            texts[kind].append(tokenizer.decode(ids, skip_special_tokens=True))
    save_file(tensors, os.path.join(directory, "run.safetensors"))
    with open(os.path.join(directory, "run.json"), "w", encoding="utf-8") as out:
        json.dump(texts, out)


def main(source_file, target_file, *directories):
    for directory in directories:
        run(directory, read(source_file), read(target_file))


main(*sys.argv[1:])
