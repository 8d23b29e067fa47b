"""Scores pairs of token lists by CTranslate2 models: ctranslate2_score.py CASES SCORES.

CASES: {"models": [folder, ..], "cases": [{"sources": [[token, ..], ..], "targets": [..]}, ..]}, one case a model.
SCORES: [{"scores": [log p(target | source), ..], "stepwise": d}, ..], d the largest difference between the score that a beam search, step by
step, gives to what it finds and what the same text scores as a whole.
"""

import json
import sys

import ctranslate2

LENGTH = 12

with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
results = []
for folder, case in zip(cases["models"], cases["cases"]):
    model = ctranslate2.Translator(folder, inter_threads=1, intra_threads=1)
    sources = case["sources"]
    scored = model.score_batch(sources, case["targets"], max_input_length=0)
    found = model.translate_batch(
        sources, beam_size=2, length_penalty=0, max_input_length=0, max_decoding_length=LENGTH, return_scores=True
    )
    hypotheses = [result.hypotheses[0] for result in found]
    stepwise = 0.0
    for result, tokens, whole in zip(found, hypotheses, model.score_batch(sources, hypotheses, max_input_length=0)):
        steps = whole.log_probs[:-1] if len(tokens) == LENGTH else whole.log_probs
        stepwise = max(stepwise, abs(result.scores[0] - sum(steps)))
    results.append({"scores": [sum(result.log_probs) for result in scored], "stepwise": stepwise})
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(results, file)
