#!/usr/bin/env bash
# Training rate of attnzoo against its peers on the same work in the same run: Multi30k en-de as 8000 joint BPE pieces, 4096 padded target
# tokens per batch, float32, real target tokens per second after a warm-up. Prints one JSON line per run, then medians and ratios.
#
#   tests/benchmarks/peers_training.sh [ROUNDS] [SECONDS] [MODEL ..]     models: transformer rnn_LSTM rnn_GRU
#
# Needs the peers and the data that ../shared/bench/setup.sh and data.sh install ($PEERS, by default in the home), and a quiet machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${BENCH:-$root/../shared/bench}
rounds=${1:-3} SECS=${2:-75}
shift $(($# < 2 ? $# : 2))
models=${*:-transformer rnn_LSTM rnn_GRU}
[ -f "$bench/env.sh" ] || { echo "peers_training.sh: no $bench/env.sh; set BENCH to the folder of the peers' scripts" >&2; exit 1; }
. "$bench/env.sh"
[ -x "$PY" ] && [ -f "$DATA/train.spm.en" ] || { echo "peers_training.sh: run $bench/setup.sh and $bench/data.sh first" >&2; exit 1; }

# The peers' own sizes (bench/conf): words are BPE pieces already cut, so every program counts the same tokens.
recipe() { # MODEL -> JSON on stdout
  local model
  case $1 in
    transformer) model='"family": "transformer", "preset": "small", "attention_dropout": 0.1, "norm": "pre"' ;;
    rnn_LSTM) model='"family": "attention-lstm", "preset": "small", "attention_dim": 512, "readout_dim": 512, "dropout": 0.1, "tied_embeddings": "none"' ;;
    rnn_GRU) model='"family": "attention-gru", "preset": "small", "attention_dim": 512, "readout_dim": 512, "dropout": 0.1, "tied_embeddings": "none"' ;;
    *) echo "unknown model $1" >&2; return 1 ;;
  esac
  cat <<JSON
{"task": "translation",
 "data": {"train": {"source": "$DATA/train.spm.en", "target": "$DATA/train.spm.de"}, "tokenizer": {"kind": "words", "vocabulary_size": 8000}},
 "model": {$model},
 "train": {"batch": {"batch_tokens": 4096}, "optimizer": {"beta2": 0.998}, "learning_rate": 0.001, "clip_norm": 0,
           "schedule": {"kind": "inverse_sqrt", "warmup_steps": 800}, "report_every": 2}}
JSON
}

ours_train() { # MODEL TAG
  local folder=$RUNS/ours_$1_$2
  rm -rf "$folder" && mkdir -p "$folder"
  recipe "$1" > "$folder/recipe.json"
  export T0; T0=$(date +%s.%N)
  measured "$folder/train" "$root/build/release/bin/attnzoo-train" "$folder/recipe.json" --run "$folder/run" --threads "$THREADS" \
    --max-time "$SECS" --log-format json || true
  # rate.py knows the reports of a program by these names.
  sed -i -n '/"event":"train"/{s/"source_tokens":/"src":/; s/"target_tokens":/"tgt":/; s/"target_tokens_per_s":/"tgt_rate":/; p}' "$folder/train.log"
  "$PY" "$bench/rate.py" json "$folder/train"
}

results=$(mktemp)
for round in $(seq "$rounds"); do
  for model in $models; do
    for peer in ours onmt $([ "$model" = transformer ] && echo hf); do
      if [ "$peer" = ours ]; then line=$(ours_train "$model" "r$round" | tail -n 1)
      else line=$("$bench/${peer}_train.sh" "$model" "r$round" 2> /dev/null | tail -n 1); fi
      echo "{\"model\": \"$model\", \"peer\": \"$peer\", \"round\": $round, \"result\": ${line:-null}}" | tee -a "$results"
    done
  done
done
"$PY" - "$results" <<'PYTHON'
import json, statistics, sys
rates = {}
for line in open(sys.argv[1]):
    run = json.loads(line)
    if run["result"] and "tgt_tok_s" in run["result"]:
        rates.setdefault(run["model"], {}).setdefault(run["peer"], []).append(run["result"]["tgt_tok_s"])
for model, peers in rates.items():
    ours = statistics.median(peers.get("ours", [0]))
    for peer, values in peers.items():
        if peer != "ours":
            print(f"{model}: ours / {peer} = {ours / statistics.median(values):.2f}  (target tokens/s, median of {len(values)}: {ours:.0f} and {statistics.median(values):.0f})")
PYTHON
