"""Which layer and heads of cross-attention give the best word alignments (eval/README.md has the figures).

    alignment_views.py RUN SOURCE TRAIN_SOURCE TRAIN_TARGET [LAYERS HEADS]

Translates SOURCE greedily with RUN once per view, and compares the links of attnzoo-translate --alignments with those on which two IBM models 1
(Brown et al. 1993; one per direction, lower-cased words, learned from the training text) agree. Prints precision, recall and F1 per view. The
reference is itself automatic: it ranks views, it does not say how good one is. Files may be gzipped. BIN names the folder of the programs.
"""
import collections
import gzip
import os
import subprocess
import sys
import tempfile

run, source, train_source, train_target = sys.argv[1:5]
layers, heads = (int(number) for number in (sys.argv[5:7] or (1, 1)))
program = os.path.join(os.environ.get("BIN", "build/release/bin"), "attnzoo-translate")


def lines_of(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def words(line):
    return line.lower().split()


def ibm_model_1(pairs, iterations=5):
    """p(target word | source word), with an empty source word."""
    table = collections.defaultdict(lambda: 1.0)
    for _ in range(iterations):
        counts, totals = collections.defaultdict(float), collections.defaultdict(float)
        for sources, targets in pairs:
            for t in targets:
                shares = [table[s, t] for s in sources + [None]]
                total = sum(shares)
                for s, share in zip(sources + [None], shares):
                    counts[s, t] += share / total
                    totals[s] += share / total
        table = collections.defaultdict(float, {(s, t): c / totals[s] for (s, t), c in counts.items()})
    return table


def links(table, sources, targets):
    """The likeliest source position of each target word, unless that is the empty word."""
    found = set()
    for j, t in enumerate(targets):
        best = max(range(len(sources)), key=lambda i: table.get((sources[i], t), 0.0), default=None)
        if best is not None and table.get((sources[best], t), 0.0) > table.get((None, t), 0.0):
            found.add((best, j))
    return found


def translate(view, folder):
    out, alignments = os.path.join(folder, "out"), os.path.join(folder, "links")
    subprocess.run([program, "--run", run, "--input", source, "--output", out, "--beam", "1", "--quiet", "--alignments", alignments]
                   + ["--attention-view", view], check=True)
    return lines_of(out), [{tuple(map(int, link.split("-"))) for link in line.split()} for line in lines_of(alignments)]


pairs = [(words(s), words(t)) for s, t in zip(lines_of(train_source), lines_of(train_target))]
forward, backward = ibm_model_1(pairs), ibm_model_1([(t, s) for s, t in pairs])
sources = [words(line) for line in lines_of(source)]
views = ["cross.last.mean"] + ([f"cross.{layer}.{head}" for layer in [*range(1, layers + 1), "mean"] for head in ["mean", *range(1, heads + 1)]]
                if len(sys.argv) > 5 else [])
print("| view | precision | recall | F1 |\n|---|---|---|---|")
with tempfile.TemporaryDirectory() as folder:
    for view in views:
        outputs, found = translate(view, folder)
        agreed = []
        for s, line in zip(sources, outputs):
            t = words(line)
            agreed.append(links(forward, s, t) & {(i, j) for j, i in links(backward, t, s)})
        hits = sum(len(a & b) for a, b in zip(agreed, found))
        precision = hits / max(sum(map(len, found)), 1)
        recall = hits / max(sum(map(len, agreed)), 1)
        print(f"| {view} | {precision:.3f} | {recall:.3f} | {2 * precision * recall / max(precision + recall, 1e-9):.3f} |", flush=True)
