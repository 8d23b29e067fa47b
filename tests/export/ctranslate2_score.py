"""Scores token lists by CTranslate2 models: ctranslate2_score.py CASES SCORES.

CASES: {"models": [folder, ..], "cases": [case, ..]}, a case is {"sources": [[token, ..], ..], "targets": [..]}, or {"texts": [..]} with <s> and
</s> for a language model.
SCORES: [{"scores": [log probability, ..], "stepwise": d}, ..], d the largest difference between the score that a beam search, step by step,
gives to what it finds and what the same text scores as a whole.
"""

import json
import sys

import ctranslate2

LENGTH = 12


def largest_difference(found, whole, num_given):
    """`found`: (tokens, score) of hypotheses; `whole`: log-probabilities of the same with </s>, the first num_given of them given."""
    largest = 0.0
    for (tokens, score), log_probs in zip(found, whole):
        ended = len(tokens) < LENGTH
        steps = log_probs[num_given:] if ended else log_probs[num_given:-1]
        largest = max(largest, abs(score - sum(steps)))
    return largest


def translator(folder, case):
    model = ctranslate2.Translator(folder, inter_threads=1, intra_threads=1)
    sources = case["sources"]
    scores = [sum(result.log_probs) for result in model.score_batch(sources, case["targets"], max_input_length=0)]
    results = model.translate_batch(
        sources,
        beam_size=2,
        length_penalty=0,
        max_input_length=0,
        min_decoding_length=0,
        max_decoding_length=LENGTH,
        return_scores=True,
    )
    found = [(result.hypotheses[0], result.scores[0]) for result in results]
    whole = model.score_batch(sources, [tokens for tokens, _ in found], max_input_length=0)
    return scores, largest_difference(found, [result.log_probs for result in whole], 0)


def generator(folder, case):
    model = ctranslate2.Generator(folder, inter_threads=1, intra_threads=1)
    scores = [sum(result.log_probs) for result in model.score_batch(case["texts"])]
    starts = [text[:4] for text in case["texts"] if len(text) > 5]
    results = model.generate_batch(
        starts, beam_size=2, length_penalty=0, max_length=LENGTH, return_scores=True, include_prompt_in_result=False
    )
    found = [(result.sequences[0], result.scores[0]) for result in results]
    texts = [start + tokens + ["</s>"] for start, (tokens, _) in zip(starts, found)]
    return scores, largest_difference(found, [result.log_probs for result in model.score_batch(texts)], 3)


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
results = []
for folder, case in zip(cases["models"], cases["cases"]):
    scores, stepwise = (generator if "texts" in case else translator)(folder, case)
    results.append({"scores": scores, "stepwise": stepwise})
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(results, file)
