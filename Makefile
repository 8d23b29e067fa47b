# Everyday commands. Each first runs the set-up (cmake/bootstrap.sh), which takes no time once done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PRESET ?= release
# A compiler process takes up to 2 GB: fewer jobs than processors if memory is short.
JOBS ?= $(shell awk -v cpus=$$(nproc) '/MemAvailable/ {jobs = int($$2 / 2097152); print jobs < 1 ? 1 : (jobs < cpus ? jobs : cpus)}' /proc/meminfo)

.PHONY: help setup configure build programs peers test test-slow demo bench lint tidy clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

setup:  ## install system packages and LibTorch only
	@cmake/bootstrap.sh

configure: setup
	@cmake --preset $(PRESET) >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }

build: configure  ## build all programs and tests in build/release (or PRESET=dev, PRESET=asan)
	@cmake --build --preset $(PRESET) -j $(JOBS)

programs: configure  ## build only the programs, in half the time
	@cmake --build --preset $(PRESET) -j $(JOBS) --target $(basename $(notdir $(wildcard */programs/*.cpp)))

# Python packages that exports are checked against. No program needs them; without them those tests are skipped, with a message.
peers: setup
	@cmake/peers.sh

test: build peers  ## build and run every quick test
	@ctest --preset $(PRESET) --no-tests=error -j $(JOBS)

test-slow: build peers  ## also run the tests that take minutes
	@ctest --preset $(PRESET) --no-tests=error -C slow -j $(JOBS)

demo: programs  ## build, train a tiny model and translate with it, in about 15 minutes
	@cmake/demo.sh build/$(PRESET)/bin

bench: programs peers  ## measure speed, beside CTranslate2 (20 minutes, the first time 40); QUICK=1: attnzoo alone, against what SAVE=1 kept
	@$(or $(wildcard .venv/bin/python),python3) tests/benchmarks/bench.py build/$(PRESET)/bin $(if $(QUICK),--quick) $(if $(SAVE),--save)

lint: build  ## check formatting and the folder rules
	@if command -v clang-format >/dev/null; then git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run -Werror; \
	  else echo "lint: clang-format is not installed, formatting is not checked (sudo apt-get install clang-format)"; fi
	@build/$(PRESET)/bin/tests-structure

# clang-tidy cannot read g++'s precompiled header, hence a compile database without one.
tidy: setup  ## run clang-tidy on FILES="data/files.cpp ..." (default: all sources, many minutes)
	@cmake --preset $(PRESET) -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
	@clang-tidy -p build/tidy --quiet $(or $(FILES),$(shell git ls-files '*.cpp')) \
	  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument

clean:  ## remove build/, but not LibTorch in .venv
	rm -rf build
