#!/usr/bin/env bash
# What a run's reports cost: pairs of the same training with and without TensorBoard files, alternating, and the time that one report.html takes. Prints
# the seconds of each run, and those outside forward, loss and backward as a share of those inside: machines drift by more than reports cost, and both parts drift alike.
#
#   [PAIRS=3] [STEPS=400] tests/benchmarks/report_overhead.sh RECIPE.json          a recipe whose text is there, such as train/recipes/demo-debian.json
#
# Needs a quiet machine. Validates ten times per run. The page is written once per validation; its time is measured with attnzoo-train compare, which makes
# the same page of two runs, less the start of the program.
set -euo pipefail
bin=${BIN:-$(dirname "$0")/../../build/release/bin}
steps=${STEPS:-400}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
share() { awk -v RS='[,{]' -F: '/"(forward|loss|backward)"/ {inside += $2} /"elapsed_s"/ {all = $2} END {printf "%.3f", 100 * (all / inside - 1)}' <(grep '"event":"end"' "$1/log.jsonl" | tail -n 1); }
seconds() { sed -n 's/.*"elapsed_s":\([0-9.]*\),"event":"end".*/\1/p' "$1/log.jsonl"; }
for ((pair = 0; pair < ${PAIRS:-3}; ++pair)); do
  for board in true false; do
    "$bin/attnzoo-train" "$1" --run "$work/$board-$pair" --quiet --set data.cache="$work/prepared" --set train.max_time=0 --set train.max_steps="$steps" \
      --set train.validate_every="$((steps / 10))" --set train.valid_decode.sentences=20 --set train.report_every=10 --set train.tensorboard=$board
    echo "$board $(seconds "$work/$board-$pair") $(share "$work/$board-$pair")"
  done
done | tee "$work/times"
awk '{sum[$1] += $3; ++count[$1]} END {printf "outside the steps: with TensorBoard %.2f %%, without %.2f %%\n", sum["true"] / count["true"], sum["false"] / count["false"]}' "$work/times"
time_of() { local begin end; begin=$(date +%s.%N); "$@" > "$work/out" 2>&1; end=$(date +%s.%N); awk -v a="$begin" -v b="$end" 'BEGIN {print b - a}'; }
page=$(time_of "$bin/attnzoo-train" compare "$work/true-0" "$work/false-0" --out "$work/page.html")
start=$(time_of "$bin/attnzoo-train" --list-models)
awk -v page="$page" -v start="$start" -v run="$(seconds "$work/true-0")" \
  'BEGIN {one = (page - start) / 2; printf "a page %.3f s, ten of them %.2f %% of a run\n", one, 1000 * one / run}'
