#!/usr/bin/env bash
# Whether exports equal the program: every family's TorchScript file, run by Python and by C++ (eval/examples/translate.cpp), greedily and with
# beam 5, at batch sizes 1, 7 and 64, on the 1000 sentences of Multi30k's test_2016_flickr. Prints a Markdown row per family: the number of lines
# equal to attnzoo-translate's, the least over the batch sizes.
#
#   tests/benchmarks/exports.sh [FAMILY ..]
#
# Needs the runs of tests/benchmarks/families.sh ($RUNS, build/families), ../shared/data/multi30k (or DATA), and Python with torch and
# sentencepiece (cmake/peers.sh).
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$root/build/release/bin
data=${DATA:-$root/../shared/data/multi30k}
runs=${RUNS:-$root/build/families}
python=$root/.venv/bin/python
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
zcat "$data/test_2016_flickr.en.gz" > "$out/source"
num_lines=$(wc -l < "$out/source")
equal() { awk 'NR == FNR {line[NR] = $0; next} line[FNR] == $0 {++n} END {print n + 0}' "$1" "$2"; }
least() { local file min=$num_lines n; for file in "${@:2}"; do n=$(equal "$1" "$file"); min=$((n < min ? n : min)); done; echo "$min"; }
families=${*:-attention-rnn attention-lstm attention-gru fusion-rnn fusion-lstm fusion-gru transformer transformer-ssru hybrid pointer-generator}
export OMP_NUM_THREADS=1
echo "| family | Python: greedy, beam 5 | C++: greedy, beam 5 | of |"
echo "|---|---|---|---|"
for family in $families; do
  "$bin/attnzoo-export" --run "$runs/$family" --checkpoint last --format torchscript --out "$out/model.pt" 2> "$out/log"
  for beam in 1 5; do "$bin/attnzoo-translate" --run "$runs/$family" --checkpoint last --beam $beam --quiet --input "$out/source" --output "$out/ours.$beam"; done
  "$python" -W ignore "$root/tests/export/torchscript_decode.py" "$out/model.pt" "$out/source" "$out/python" 1:1 1:7 1:64 5:1 5:7 5:64 2> "$out/log" &
  for beam in 1 5; do
    for batch in 1 7 64; do "$bin/example-translate" "$out/model.pt" $beam $batch < "$out/source" > "$out/cpp.$beam.$batch"; done
  done
  wait
  echo "| \`$family\` | $(least "$out/ours.1" "$out"/python.1.*), $(least "$out/ours.5" "$out"/python.5.*) | $(least "$out/ours.1" "$out"/cpp.1.*), $(least "$out/ours.5" "$out"/cpp.5.*) | $num_lines |"
done
