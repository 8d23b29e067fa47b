// The options that every program which translates has in common: which model, how to search, how to run.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "data/command_line.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

namespace attnzoo {

// --run, --checkpoint.
void add_model_options(cxxopts::Options& options);
// These and --beam, --n-best, --length-penalty, --min-length, --max-length, --no-repeat-ngram, --patience, --sample,
// --temperature, --top-k, --top-p, --seed, --batch-size, --threads, --max-source-tokens, --device.
void add_decode_options(cxxopts::Options& options);

// Throws UsageError for values out of range, all of them together, and for a device that is unknown or not there.
TranslateOptions decode_options(const cxxopts::ParseResult& arguments);

// The checkpoint that --run and --checkpoint name: the run's best unless told otherwise. Says on standard error where best and last are not
// what they should be (models/checkpoint.h). Throws UsageError without --run, CheckpointError
// for a name that the run does not have, listing those it has.
std::filesystem::path chosen_checkpoint(const cxxopts::ParseResult& arguments);

// What a program that reads this checkpoint may not write over: its files, and those that the run writes beside it.
std::vector<std::filesystem::path> model_files(const std::filesystem::path& checkpoint);

// Sets `stop` at the first Ctrl-C and makes a read of standard input that waits come to its end, so that a program leaves through its
// destructors; the second Ctrl-C kills as usual.
void stop_at_interrupt(std::atomic<bool>& stop);

}  // namespace attnzoo
