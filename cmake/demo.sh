#!/usr/bin/env bash
# Imports real text, trains a tiny model for some minutes, translates and scores. Called by `make demo`.
#   cmake/demo.sh BIN_FOLDER        DEMO_TIME=8m: how long to train
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=${1:-build/release/bin}
out=build/demo
recipe=train/recipes/demo-debian.json
time_limit=${DEMO_TIME:-8m}

headline() { printf '\n== %s\n' "$*"; }

headline "1 of 4: real text, English to German"
if ! "$bin/attnzoo-data" import debian-descriptions --languages en,de --out "$out/data"; then
  echo "demo: falling back to the gettext catalogs installed on this machine (shorter texts, lower scores)"
  "$bin/attnzoo-data" import gettext --languages en,de --out "$out/data"
fi

headline "2 of 4: train for $time_limit ($recipe)"
# The user may have trained the last demo's model further, so it is kept once.
if [[ -e $out/run ]]; then
  rm -rf "$out/run.previous"
  mv "$out/run" "$out/run.previous"
  echo "demo: the last demo's model is kept in $out/run.previous"
fi
"$bin/attnzoo-train" "$recipe" --run "$out/run" --max-time "$time_limit"

headline "3 of 4: translate test sentences that the model has never seen"
# Lines of middle length, evenly spread over the test text.
paste "$out/data/test.en" "$out/data/test.de" | awk -F'\t' 'length($1) > 25 && length($1) < 90' >"$out/candidates.tsv"
awk -v lines="$(wc -l <"$out/candidates.tsv")" 'BEGIN { step = int(lines / 8); if (step < 1) step = 1 } NR % step == 0 && shown++ < 8' \
  "$out/candidates.tsv" >"$out/samples.tsv"
cut -f1 "$out/samples.tsv" >"$out/samples.en"
"$bin/attnzoo-translate" --run "$out/run" --input "$out/samples.en" --output "$out/samples.out" --explain "$out/translations.html"
paste "$out/samples.tsv" "$out/samples.out" | awk -F'\t' '{ printf "\n  source       %s\n  reference    %s\n  translation  %s\n", $1, $2, $3 }'

headline "4 of 4: score the whole test text"
"$bin/attnzoo-eval" --run "$out/run" --source "$out/data/test.en" --reference "$out/data/test.de" --report "$out/scores.html"

# A screen, and the program that opens a file in the user's browser.
opener=
if [[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]] && command -v xdg-open >/dev/null; then opener=xdg-open; fi
if [[ $(uname) == Darwin ]]; then opener=open; fi

headline "Three pages to look at in a browser"
cat <<END
  $out/translations.html   what each word attended to, and how the search came to it
  $out/scores.html         the scores, by length and frequency, and the best and worst sentences
  $out/run/report.html     how the training went
END
if [[ -n $opener ]]; then printf '\n  for page in %s/{translations,scores,run/report}.html; do %s $page; done\n' "$out" "$opener"; fi

cat <<END

$out/run holds a model trained for $time_limit on this machine. Next, translate a sentence of your own:

  echo "a library for reading image files" | $bin/attnzoo-translate --run $out/run

or train it further, to an hour in total:

  $bin/attnzoo-train --run $out/run --resume --max-time 60m
END
