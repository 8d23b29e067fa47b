#!/usr/bin/env bash
# Decoding rate of attnzoo against OpenNMT-py in the same run: the Transformer 3+3 of width 256, Multi30k's test set as BPE pieces, batches of
# 32 sentences sorted by length, two threads, loading excluded, no length penalty (OpenNMT-py's default). Both models are first trained for
# TRAIN_SECS seconds, long enough to end their sentences; rates are per output token, so outputs may differ.
#
#   [TRAIN_SECS=240] tests/benchmarks/peers_decoding.sh [BEAM ..]          default: 1 5
#
# Needs the peers and the data that ../shared/bench/setup.sh and data.sh install ($PEERS, by default in the home), and a quiet machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bench=${BENCH:-$root/../shared/bench}
[ -f "$bench/env.sh" ] || { echo "peers_decoding.sh: no $bench/env.sh; set BENCH to the folder of the peers' scripts" >&2; exit 1; }
. "$bench/env.sh"
[ -x "$PY" ] && [ -f "$DATA/test.spm.en" ] || { echo "peers_decoding.sh: run $bench/setup.sh and $bench/data.sh first" >&2; exit 1; }
beams=${*:-1 5}
train_secs=${TRAIN_SECS:-240}

checkpoint=$(ls -v "$RUNS"/anchor_decoding/model_step_*.pt 2> /dev/null | tail -n 1 || true)
if [ -z "$checkpoint" ]; then
  SECS=$train_secs BATCH=1024 EVERY=50 "$bench/anchor.sh" decoding > /dev/null
  checkpoint=$(ls -v "$RUNS"/anchor_decoding/model_step_*.pt | tail -n 1)
fi
run=$RUNS/ours_decoding
if [ ! -d "$run/run/checkpoints/last" ]; then
  rm -rf "$run" && mkdir -p "$run"
  cat > "$run/recipe.json" <<JSON
{"task": "translation",
 "data": {"train": {"source": "$DATA/train.spm.en", "target": "$DATA/train.spm.de"}, "tokenizer": {"kind": "words", "vocabulary_size": 8000}},
 "model": {"family": "transformer", "preset": "small"}, "train": {"batch": {"batch_tokens": 1024}, "schedule": {"warmup_steps": 300}}}
JSON
  "$root/build/release/bin/attnzoo-train" "$run/recipe.json" --run "$run/run" --threads "$THREADS" --max-time "${train_secs}s" > "$run/train.log" 2>&1
fi
for beam in $beams; do
  "$PY" "$bench/decode.py" onmt "$(dirname "$checkpoint")" --ckpt "$checkpoint" --batches 32 --beams "$beam" --reps 3 --threads "$THREADS" | tail -n 1
  for repeat in 1 2 3; do
    "$root/build/release/bin/attnzoo-translate" --run "$run/run" --checkpoint last --input "$DATA/test.spm.en" --output "$run/out" --beam "$beam" --batch-size 32 \
      --length-penalty 0 --max-length 80 --threads "$THREADS" 2>&1 | tail -n 1
  done
done
