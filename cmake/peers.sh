#!/usr/bin/env bash
# Installs the Python packages of tests/peers.txt beside the torch wheel in .venv; tests/export checks exports with them. Never fails: if they,
# a .venv or a network are missing, those tests are skipped, with a message.
#
#   ATTNZOO_NO_INSTALL=1       install nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly stamp=.venv/peers.stamp

say() { printf 'set-up: %s\n' "$*"; }
if [[ -f $stamp && $(<"$stamp") == "$(cksum <tests/peers.txt)" ]]; then exit 0; fi
if [[ -n ${ATTNZOO_NO_INSTALL:-} || ! -x .venv/bin/python ]] || ! compgen -G '.venv/lib/python3*/site-packages/torch' >/dev/null; then
  say "no torch wheel in .venv: exports will not be checked with Python"
  exit 0
fi
say "downloading Python packages to check exports with: CTranslate2, transformers and their dependencies (about 100 MB; for tests only)"
if timeout 600 .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --retries 2 -r tests/peers.txt >build/peers.log 2>&1; then
  cksum <tests/peers.txt >"$stamp"
else
  say "they could not be installed (see build/peers.log): exports will not be checked with Python"
fi
