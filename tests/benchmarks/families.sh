#!/usr/bin/env bash
# The table in models/README.md: trains every family that translates for MINUTES on Multi30k with the preset `tiny` on all cores, one after the
# other. Prints a Markdown row for each: parameters, target tokens per second (median of the reports) relative to the fastest family, BLEU on
# test_2016_flickr (13a, cased, beam 5).
#
#   [MINUTES=10] tests/benchmarks/families.sh [FAMILY ..]        default: all of them
#
# Needs ../shared/data/multi30k (or DATA) and a quiet machine. Runs are kept in $RUNS (build/families): with more MINUTES they resume, with the same
# number they are only scored. BIN names a folder of programs to use instead of this checkout's.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BIN:-$root/build/release/bin}
data=${DATA:-$root/../shared/data/multi30k}
runs=${RUNS:-$root/build/families}
minutes=${MINUTES:-10}
[ -f "$data/train.en.gz" ] || { echo "families.sh: no $data/train.en.gz; set DATA to the folder of Multi30k" >&2; exit 1; }
families=${*:-attention-rnn attention-lstm attention-gru fusion-rnn fusion-lstm fusion-gru transformer transformer-ssru hybrid pointer-generator}
mkdir -p "$runs"
for family in $families; do
  run=$runs/$family
  if [ "$(cat "$run/minutes" 2> /dev/null)" != "$minutes" ]; then
    arguments=("$root/train/recipes/multi30k-families.json" --set model.family="$family" --set data.cache="$runs/prepared"
      --set data.train.source="$data/train.en.gz" --set data.train.target="$data/train.de.gz"
      --set data.valid.source="$data/val.en.gz" --set data.valid.target="$data/val.de.gz")
    if [ -d "$run/checkpoints/last" ]; then arguments=(--resume); else rm -rf "$run"; fi
    "$bin/attnzoo-train" "${arguments[@]}" --run "$run" --max-time "${minutes}m" --log-format json >> "$runs/$family.reports" 2> "$runs/$family.log"
    rm -f "$run/scores"
    echo "$minutes" > "$run/minutes"
  fi
  [ -f "$run/scores" ] || "$bin/attnzoo-eval" --run "$run" --checkpoint last --source "$data/test_2016_flickr.en.gz" \
    --reference "$data/test_2016_flickr.de.gz" --no-perplexity --json --quiet > "$run/scores"
  parameters=$(sed -n 's/.*"parameters":\([0-9]*\).*/\1/p' "$run/log.jsonl" | head -n 1)
  rate=$(sed -n 's/.*"target_tokens_per_s":\([0-9.]*\).*/\1/p' "$runs/$family.reports" | sort -n | awk '{r[NR] = $1} END {print r[int((NR + 1) / 2)]}')
  steps=$(tail -n 1 "$runs/$family.reports" | sed -n 's/.*"step":\([0-9]*\).*/\1/p')
  bleu=$(awk '/"bleu"/ {inside = 1} inside && /"score"/ {gsub(/[^0-9.]/, ""); print; exit}' "$run/scores")
  echo "$family $parameters $rate $steps $bleu"
done > "$runs/table"
echo "| family | parameters | target tokens/s, of the fastest | steps | BLEU |"
echo "|---|---|---|---|---|"
awk '{if ($3 > top) top = $3; line[NR] = $0}
     END {for (i = 1; i <= NR; ++i) {split(line[i], f, " "); printf "| %s | %.2f M | %.2f | %d | %.1f |\n", f[1], f[2] / 1e6, f[3] / top, f[4], f[5]}}' "$runs/table"
