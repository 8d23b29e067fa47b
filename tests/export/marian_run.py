"""What transformers makes of MarianMT directories.

    marian_run.py FOLDER NAME..

reads FOLDER/NAME (the model), FOLDER/NAME.source and FOLDER/NAME.target (lines of text), and writes FOLDER/NAME.safetensors, with for line i
(ids are the directory's own)
    source.i, target.i   what the tokeniser makes of the line
    logits.i             teacher-forced on target.i, one row an id
    greedy.i, beam.i     what is generated, without the token that the decoder begins with; no token twice, as models with random weights
                         else say one word for ever
and FOLDER/NAME.json with the texts: {"greedy": [..], "beam": [..]}.
"""

import json
import os
import sys

import torch
from safetensors.torch import save_file
from transformers import MarianMTModel, MarianTokenizer


def read(file):
    with open(file, encoding="utf-8") as lines:
        return lines.read().split("\n")[:-1]


def run(path):
    tokenizer = MarianTokenizer.from_pretrained(path)
    model = MarianMTModel.from_pretrained(path).eval()
    start = torch.tensor([model.config.decoder_start_token_id])
    tensors, texts = {}, {"greedy": [], "beam": []}
    for i, (source, target) in enumerate(zip(read(path + ".source"), read(path + ".target"))):
        source_ids = tokenizer([source], return_tensors="pt")
        target_ids = tokenizer(text_target=[target], return_tensors="pt").input_ids[0]
        with torch.no_grad():
            logits = model(**source_ids, decoder_input_ids=torch.cat([start, target_ids[:-1]])[None]).logits[0]
        tensors |= {f"source.{i}": source_ids.input_ids[0].clone(), f"target.{i}": target_ids.clone(), f"logits.{i}": logits.clone()}
        for kind, beams in (("greedy", 1), ("beam", 4)):
            search = dict(num_beams=beams, length_penalty=0.0, early_stopping=True) if beams > 1 else dict(num_beams=1)
            ids = model.generate(**source_ids, **search, do_sample=False, max_length=41, forced_eos_token_id=None, no_repeat_ngram_size=1)[0][1:]
            tensors[f"{kind}.{i}"] = ids.clone()
            texts[kind].append(tokenizer.decode(ids, skip_special_tokens=True))
    save_file(tensors, path + ".safetensors")
    with open(path + ".json", "w", encoding="utf-8") as out:
        json.dump(texts, out)


for name in sys.argv[2:]:
    run(os.path.join(sys.argv[1], name))
