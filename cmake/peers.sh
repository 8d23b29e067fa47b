#!/usr/bin/env bash
# Installs what tests check attnzoo's output with: the Python packages of tests/peers.txt beside the torch wheel in .venv, and a browser for the
# pages. Never fails: if they, a .venv or a network are missing, those tests are skipped, with a message.
#
#   ATTNZOO_NO_INSTALL=1       install nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly stamp=.venv/peers.stamp

say() { printf 'set-up: %s\n' "$*"; }

# Debian's chromium and its driver, where packages may be installed. Tried once: build/browser.log is left.
install_browser() {
  # Where tests/pages looks for them.
  if [[ -x /usr/bin/chromium && -x /usr/bin/chromedriver ]] || [[ -n ${ATTNZOO_NO_INSTALL:-} || -e build/browser.log ]]; then return; fi
  local -a apt=(apt-get)
  if [[ $(id -u) != 0 ]]; then apt=(sudo -n apt-get); fi
  if ! command -v apt-get >/dev/null || ! "${apt[@]}" --version >/dev/null 2>&1; then
    say "no chromium and chromedriver, and no right to install them: pages will not be checked in a browser"
    return
  fi
  say "installing chromium and chromium-driver to check pages with (about 120 MB; for tests only)"
  mkdir -p build
  if ! DEBIAN_FRONTEND=noninteractive timeout 600 "${apt[@]}" install -y --no-install-recommends chromium chromium-driver >build/browser.log 2>&1; then
    say "they could not be installed (see build/browser.log): pages will not be checked in a browser"
  fi
}
install_browser
if [[ -f $stamp && $(<"$stamp") == "$(cksum <tests/peers.txt)" ]]; then exit 0; fi
if [[ -n ${ATTNZOO_NO_INSTALL:-} || ! -x .venv/bin/python ]] || ! compgen -G '.venv/lib/python3*/site-packages/torch' >/dev/null; then
  say "no torch wheel in .venv: exports and pages will not be checked with Python"
  exit 0
fi
say "downloading Python packages to check exports and pages with: CTranslate2, transformers, TensorBoard, Selenium and their dependencies (about 150 MB; for tests only)"
if timeout 600 .venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --retries 2 -r tests/peers.txt >build/peers.log 2>&1; then
  cksum <tests/peers.txt >"$stamp"
else
  say "they could not be installed (see build/peers.log): exports and pages will not be checked with Python"
fi
