#!/usr/bin/env bash
# Prepares this machine to build attnzoo: installs system packages if it may, and LibTorch in a .venv of the checkout. Says what it downloads and
# how large it is. If it may not install, it names what is missing and exits with status 1.
#
#   ATTNZOO_LIBTORCH=DIR       use this LibTorch (DIR/include/torch, DIR/lib/libtorch.so); install none
#   ATTNZOO_TORCH_INDEX=URL    take the torch wheel and its dependencies from this index (for CUDA:
#                              https://download.pytorch.org/whl/cuXXX, XXX being a CUDA version that pytorch.org offers)
#   ATTNZOO_NO_INSTALL=1       install nothing; name what is missing
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly torch_version=2.13.0
readonly cpu_index=https://download.pytorch.org/whl/cpu
readonly stamp=build/bootstrap.stamp

say() { printf 'set-up: %s\n' "$*"; }
give_up() { printf 'set-up: %s\n' "$@" >&2; exit 1; }

# An installed LibTorch: what the user names, the .venv, the system.
if [[ -n ${ATTNZOO_LIBTORCH:-} && ! (-e $ATTNZOO_LIBTORCH/lib/libtorch.so && -d $ATTNZOO_LIBTORCH/include/torch) ]]; then
  give_up "ATTNZOO_LIBTORCH=$ATTNZOO_LIBTORCH lacks lib/libtorch.so or include/torch; name the folder that has both, or unset it"
fi
find_libtorch() {
  local folder
  if [[ -n ${ATTNZOO_LIBTORCH:-} ]]; then
    echo "$ATTNZOO_LIBTORCH"
    return
  fi
  for folder in .venv/lib/python3*/site-packages/torch; do
    [[ -e $folder/lib/libtorch_cpu.so && -d $folder/include/torch ]] && { echo "$folder"; return; }
  done
  for folder in /usr/lib /usr/lib64 "/usr/lib/$(uname -m)-linux-gnu" /usr/local/lib; do
    [[ -e $folder/libtorch.so && (-e /usr/include/torch || -e /usr/local/include/torch) ]] && { echo "$folder"; return; }
  done
  return 0
}

# Nothing has changed since the stamp, and everything is still there.
settings() { printf '%s %s %s' "$(cksum <cmake/bootstrap.sh)" "$PWD" "${ATTNZOO_LIBTORCH:-}"; }
is_ready() {
  [[ -f $stamp && $(<"$stamp") == "$(settings)" ]] || return 1
  [[ $(command -v cmake ninja ccache "${CXX:-g++}" | wc -l) == 4 && -n $(find_libtorch) ]]
}
if is_ready; then exit 0; fi

# What is missing, by Debian's package names.
version_at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# Libraries whose headers the compiler does not find.
missing_libraries() {
  "${CXX:-g++}" -std=c++20 -E -P -x c++ - <<'PROBE' || give_up "${CXX:-g++} cannot preprocess an empty file; name a working C++ compiler with CXX"
#if !__has_include(<cxxopts.hpp>)
libcxxopts-dev
#endif
#if !__has_include(<nlohmann/json.hpp>)
nlohmann-json3-dev
#endif
#if !__has_include(<fmt/ranges.h>)
libfmt-dev
#endif
#if !__has_include(<catch2/catch.hpp>) && !__has_include(<catch2/catch_all.hpp>)
catch2
#endif
#if !__has_include(<sentencepiece_trainer.h>)
libsentencepiece-dev
#endif
#if !__has_include(<zlib.h>)
zlib1g-dev
#endif
PROBE
}

missing_packages() {
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || echo ninja-build
  command -v ccache >/dev/null || echo ccache
  command -v pkg-config >/dev/null || echo pkg-config
  if ! command -v "${CXX:-g++}" >/dev/null; then
    # Without a compiler, ask for all libraries; the package manager skips installed ones.
    echo g++ libcxxopts-dev nlohmann-json3-dev libfmt-dev catch2 libsentencepiece-dev zlib1g-dev
  else
    missing_libraries
  fi
  if [[ -z $(find_libtorch) ]]; then
    command -v python3 >/dev/null || echo python3
    python3 -c 'import venv, ensurepip' 2>/dev/null || echo python3-venv
  fi
}

install_packages() {
  local install=(apt-get install --yes --no-install-recommends "$@") as_root=()
  command -v apt-get >/dev/null ||
    give_up "this machine has no apt-get, and these packages (Debian's names) are missing: $*" "install them with your package manager, then run this again"
  if [[ $(id -u) != 0 ]]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      give_up "these packages are missing, and installing them needs root. Run:" "  sudo apt-get install --no-install-recommends $*"
    fi
  fi
  [[ -z ${ATTNZOO_NO_INSTALL:-} ]] || give_up "these packages are missing. Run:" "  sudo apt-get install --no-install-recommends $*"
  say "downloading package lists (about 10 MB)"
  "${as_root[@]}" apt-get update -qq || say "the package lists could not be downloaded; continuing with the present ones"
  say "installing $*"
  LC_ALL=C apt-get install --no-install-recommends --assume-no "$@" 2>/dev/null | grep -E '^(Need to get|After this operation)' | sed 's/^/set-up:   /' || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${install[@]}" >build/bootstrap.log 2>&1 ||
    give_up "apt-get could not install them ($(grep -m 1 '^E: ' build/bootstrap.log || echo 'see build/bootstrap.log')). Run:" "  sudo apt-get install --no-install-recommends $*"
}

check_versions() {
  local cmake_version compiler_version
  cmake_version=$(cmake --version | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')
  version_at_least "$cmake_version" 3.24 ||
    give_up "cmake $cmake_version is too old; 3.24 or newer is needed (Debian 12, Ubuntu 24.04, or: pipx install cmake)"
  compiler_version=$("${CXX:-g++}" -dumpfullversion -dumpversion)
  if "${CXX:-g++}" --version | grep -qi clang; then return; fi
  version_at_least "$compiler_version" 12 ||
    give_up "${CXX:-g++} $compiler_version is too old; 12 or newer is needed: sudo apt-get install g++-12, then run with CXX=g++-12"
}

# LibTorch is unpacked from the torch wheel; Python is needed only for this.
install_libtorch() {
  local pip=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --retries 2)
  [[ -z ${ATTNZOO_NO_INSTALL:-} ]] || give_up "LibTorch is missing: name one with ATTNZOO_LIBTORCH=DIR, or run:" \
    "  python3 -m venv .venv && .venv/bin/pip install torch==$torch_version --index-url $cpu_index"
  say "making .venv for LibTorch $torch_version"
  [[ -x .venv/bin/python ]] || python3 -m venv .venv
  if [[ -n ${ATTNZOO_TORCH_INDEX:-} ]]; then
    say "downloading torch $torch_version and its dependencies from $ATTNZOO_TORCH_INDEX (a CUDA build is about 3 GB)"
    "${pip[@]}" "torch==$torch_version" --index-url "$ATTNZOO_TORCH_INDEX" || give_up "torch $torch_version could not be installed from $ATTNZOO_TORCH_INDEX"
  # A wheel on this machine (pip's find-links), without asking any index.
  elif "${pip[@]}" --no-index --no-deps "torch==$torch_version" 2>/dev/null; then
    say "installed the torch $torch_version wheel from pip's find-links on this machine"
  elif say "downloading torch $torch_version for the CPU from $cpu_index (about 200 MB; unpacked 1 GB)" &&
    "${pip[@]}" --no-deps "torch==$torch_version" --index-url "$cpu_index"; then
    :
  elif [[ $(uname -m) == x86_64 ]] && say "that index has no such wheel or cannot be reached; downloading PyPI's torch $torch_version instead: a CUDA build" \
    "with its CUDA libraries (about 3 GB; unpacked 7 GB)" && "${pip[@]}" "torch==$torch_version"; then
    :
  elif [[ $(uname -m) != x86_64 ]] && say "that index has no such wheel or cannot be reached; trying PyPI" && "${pip[@]}" --no-deps "torch==$torch_version"; then
    :
  else
    give_up "LibTorch could not be installed with $(.venv/bin/python --version) on $(uname -m): no torch $torch_version wheel was found." \
      "Name a LibTorch >= 2.6 that you have: ATTNZOO_LIBTORCH=DIR make test" \
      "or the index of a mirror:             ATTNZOO_TORCH_INDEX=URL make test"
  fi
  [[ -n $(find_libtorch) ]] || give_up "the torch wheel was installed, but .venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so is missing"
}

mkdir -p build
missing=$(missing_packages)
# shellcheck disable=SC2086  # package names are single words
if [[ -n $missing ]]; then install_packages $missing; fi
missing=$(missing_packages)
if [[ -n $missing ]]; then give_up "${CXX:-g++} still does not find after installing:" $missing; fi
check_versions
if [[ -z $(find_libtorch) ]]; then install_libtorch; fi
say "ready (LibTorch in $(find_libtorch))"
settings >"$stamp"
