#!/usr/bin/env bash
# The table "From the amount of text to settings" of train/README.md: trains with the settings of data/importers/starting_recipe.cpp on 1, 10 and
# 100 thousand pairs of one mixed corpus (Debian's package descriptions, gettext messages, Multi30k; English to German), and scores the best
# checkpoint on its test lines. Prints a Markdown row per size.
#
#   [MINUTES="3 10 20"] tests/benchmarks/small_data.sh          minutes of training per size
#
# Needs ../shared/data/multi30k (or DATA), Debian's package lists and catalogs (attnzoo-data import), and a quiet machine. BIN: the programs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BIN:-$root/build/release/bin}
data=${DATA:-$root/../shared/data/multi30k}
work=${WORK:-$root/build/small-data}
read -r -a minutes <<< "${MINUTES:-3 10 20}"
mkdir -p "$work"
cd "$work"
[ -f debian/train.en ] || "$bin/attnzoo-data" import debian-descriptions --languages en,de --out debian >&2
[ -f gettext/train.en ] || "$bin/attnzoo-data" import gettext --languages en,de --out gettext >&2
columns() { awk -F '\t' 'NF == 2'; }  # no tabs inside a side
mixed() {  # SPLIT of the imports, SPLIT of Multi30k, LINES of the latter
  { paste "debian/$1.en" "debian/$1.de"; paste "gettext/$1.en" "gettext/$1.de"
    paste <(zcat "$data/$2.en.gz") <(zcat "$data/$2.de.gz") | awk -v most="$3" 'NR <= most'; } | columns  # head would end the others by SIGPIPE
}
mixed train train 1000000 | shuf --random-source=debian/train.en > train.tsv
mixed valid val 400 > valid.tsv
mixed test test_2016_flickr 400 > test.tsv
run() {  # PAIRS VOCABULARY PRESET BATCH_TOKENS DROPOUT LEARNING_RATE MINUTES
  awk -v most="$1" 'NR <= most' train.tsv > "train-$1.tsv"
  cat > "recipe-$1.json" << END
{"data": {"train": {"tsv": "train-$1.tsv"}, "valid": {"tsv": "valid.tsv"}, "tokenizer": {"vocabulary_size": $2},
          "clean": {"max_source_length": 100, "max_target_length": 100}},
 "model": {"family": "attention-gru", "preset": "$3", "dropout": $5},
 "train": {"batch": {"batch_tokens": $4}, "learning_rate": $6, "ema_decay": 0.998, "early_stopping": {"patience": 10}, "max_time": "$7m",
           "valid_decode": {"sentences": 300, "samples": 0}}}
END
  rm -rf "run-$1"
  "$bin/attnzoo-train" "recipe-$1.json" --run "run-$1" > "log-$1" 2>&1
  "$bin/attnzoo-eval" --run "run-$1" --tsv test.tsv --json --quiet --no-perplexity > "scores-$1"
  score() { awk -v metric="\"$1\"" '$1 == metric ":" {inside = 1} inside && /"score"/ {gsub(/[^0-9.]/, ""); print; exit}' "scores-$2"; }
  steps=$(sed -n 's/.*"event":"end".*"step":\([0-9]*\).*/\1/p' "run-$1/log.jsonl" | tail -n 1)
  printf '| %d | %d | `%s` | %d | %s | %s | %s steps, %s min | %.1f | %.1f |\n' "$1" "$2" "$3" "$4" "$5" "$6" "$steps" "$7" "$(score bleu "$1")" "$(score chrf "$1")"
}
echo "| pairs | vocabulary | preset | batch_tokens | dropout | learning_rate | training | BLEU | chrF |"
echo "|---|---|---|---|---|---|---|---|---|"
run 1000 1000 tiny 1024 0.3 0.002 "${minutes[0]}"
run 10000 4000 tiny 2048 0.3 0.002 "${minutes[1]}"
run 100000 8000 tiny 2048 0.2 0.002 "${minutes[2]}"
