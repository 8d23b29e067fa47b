# The commands of every day. All of them do their own set-up first (cmake/bootstrap.sh), which costs nothing when it is done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PRESET ?= release
# A compiler process of this project takes up to 2 GB: fewer jobs than processors where memory is short.
JOBS ?= $(shell awk -v cpus=$$(nproc) '/MemAvailable/ {jobs = int($$2 / 2097152); print jobs < 1 ? 1 : (jobs < cpus ? jobs : cpus)}' /proc/meminfo)

.PHONY: help setup configure build programs peers test test-slow demo lint tidy clean

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

setup:  ## system packages and LibTorch, nothing else
	@cmake/bootstrap.sh

configure: setup
	@cmake --preset $(PRESET) >build/configure.log 2>&1 || { cat build/configure.log; exit 1; }

build: configure  ## all programs and tests, in build/release (PRESET=dev or asan for others)
	@cmake --build --preset $(PRESET) -j $(JOBS)

programs: configure  ## the programs alone: half the time of a build
	@cmake --build --preset $(PRESET) -j $(JOBS) --target $(basename $(notdir $(wildcard */programs/*.cpp)))

# The Python packages that exports are checked against. No program needs them; without them those tests say so and are passed over.
peers: setup
	@cmake/peers.sh

test: build peers  ## build, then every quick test
	@ctest --preset $(PRESET) --no-tests=error

test-slow: build peers  ## the tests that take minutes, too
	@ctest --preset $(PRESET) --no-tests=error -C slow

demo: programs  ## from nothing to a trained model that translates, in about 15 minutes
	@cmake/demo.sh build/$(PRESET)/bin

lint: build  ## formatting and the rules of the folder chain
	@if command -v clang-format >/dev/null; then git ls-files -z '*.h' '*.cpp' | xargs -0 clang-format --dry-run -Werror; \
	  else echo "lint: clang-format is not installed, formatting is not checked (sudo apt-get install clang-format)"; fi
	@build/$(PRESET)/bin/tests-structure

# clang-tidy cannot read g++'s precompiled header, hence a compile database without one.
tidy: setup  ## clang-tidy over FILES="data/files.cpp ..." (all sources without it: many minutes)
	@cmake --preset $(PRESET) -B build/tidy -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
	@clang-tidy -p build/tidy --quiet $(or $(FILES),$(shell git ls-files '*.cpp')) \
	  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument

clean:  ## remove build/; LibTorch in .venv stays
	rm -rf build
