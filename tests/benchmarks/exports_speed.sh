#!/usr/bin/env bash
# What an export costs: size, BLEU and decoding time of a run's TorchScript file in float32, bfloat16 and int8, relative to attnzoo-translate in the
# same run, greedily and with beam 5, with one thread and two. Multi30k's test_2016_flickr in batches of 32 sorted by length, loading excluded, medians of three.
#
#   tests/benchmarks/exports_speed.sh RUN [CHECKPOINT]
#
# Needs ../shared/data/multi30k (or DATA), Python with torch and sentencepiece (cmake/peers.sh), and a quiet machine. bfloat16 is slow
# without AVX-512; omit it with TYPES="float32 int8".
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$root/build/release/bin
data=${DATA:-$root/../shared/data/multi30k}
python=$root/.venv/bin/python
run=$1 checkpoint=${2:-best}
types=${TYPES:-float32 bfloat16 int8}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
zcat "$data/test_2016_flickr.en.gz" > "$out/source"
zcat "$data/test_2016_flickr.de.gz" > "$out/reference"
bleu() { "$bin/attnzoo-eval" metrics --hypothesis "$1" --reference "$out/reference" | sed -n 's/.*BLEU[^=]*= *\([0-9.]*\).*/\1/p;s/^BLEU *\([0-9.]*\).*/\1/p' | head -n 1; }
median() { sort -n | sed -n 2p; }
for type in $types; do
  case $type in int8) options=(--quantize int8) ;; *) options=(--type "$type") ;; esac
  "$bin/attnzoo-export" --run "$run" --checkpoint "$checkpoint" --format torchscript "${options[@]}" --out "$out/$type.pt" 2> "$out/log"
  "$python" -W ignore "$root/tests/export/torchscript_decode.py" "$out/$type.pt" "$out/source" "$out/$type" 5:64 2> "$out/log"
  echo "$type: $(stat -c %s "$out/$type.pt") bytes, BLEU beam 5 $(bleu "$out/$type.5.64")"
done
"$bin/attnzoo-translate" --run "$run" --checkpoint "$checkpoint" --beam 5 --quiet --input "$out/source" --output "$out/ours"
echo "attnzoo-translate: BLEU beam 5 $(bleu "$out/ours")"
for threads in 1 2; do
  for beam in 1 5; do
    ours=$(for repeat in 1 2 3; do "$bin/attnzoo-translate" --run "$run" --checkpoint "$checkpoint" --beam $beam --threads $threads --input "$out/source" --output "$out/x" 2>&1 |
      sed -n 's/.* in \([0-9.]*\) s: .*/\1/p'; done | median)
    echo "threads $threads, beam $beam: attnzoo-translate $ours s"
    for type in $types; do
      echo "  $type: $(OMP_NUM_THREADS=$threads "$python" -W ignore "$root/tests/benchmarks/torchscript_speed.py" "$out/$type.pt" "$out/source" $threads $beam 2> "$out/log")"
    done
  done
done
