// The options that the programs which decode share: which model, how to search, how to run.
#pragma once

#include <filesystem>
#include <string>

#include "data/command_line.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

namespace attnzoo {

// --run, --checkpoint. With kSeveral, --run may be given again, and is a list.
enum class Runs { kOne, kSeveral };
void add_model_options(cxxopts::Options& options, Runs runs = Runs::kOne);
// The same, and --beam, --n-best (of one run), --length-penalty, --min-length, --max-length, --no-repeat-ngram, --patience, --sample,
// --temperature, --top-k, --top-p, --seed, --batch-size, --threads, --max-source-tokens, --compute, --device.
void add_decode_options(cxxopts::Options& options, Runs runs = Runs::kOne);

// --threads, --max-source-tokens, --compute, --device; of TranslateOptions, scoring_options() reads the second and the last (and
// apply_threads_option() the first).
void add_scoring_options(cxxopts::Options& options);
TranslateOptions scoring_options(const cxxopts::ParseResult& arguments);
// For load_model(). Throws UsageError for an unknown type, and for int8 on a GPU.
Compute compute_option(const cxxopts::ParseResult& arguments);

// Throws UsageError for all values out of range together, and for a device that is unknown or absent.
TranslateOptions decode_options(const cxxopts::ParseResult& arguments);

// The checkpoint that --run and --checkpoint name; without --checkpoint the run's best. Says on standard error where best and last are not
// what they should be (models/checkpoint.h). Throws UsageError without --run, CheckpointError for a name that the run does not have, with a
// list of those it has.
std::filesystem::path chosen_checkpoint(const cxxopts::ParseResult& arguments);
// The same for each --run of Runs::kSeveral, in their order.
std::vector<std::filesystem::path> chosen_checkpoints(const cxxopts::ParseResult& arguments);

// What a program that reads this checkpoint may not write over: its files, and those that the run writes beside it.
std::vector<std::filesystem::path> model_files(const std::filesystem::path& checkpoint);

// The same of a run: its recipe and log, every checkpoint and the prepared text.
std::vector<std::filesystem::path> run_files(const std::filesystem::path& run);

// What messages call a line of the model's input: "sentence" where it is translated, else "text".
std::string unit_of(const Seq2SeqModel& model);

// "60 sentences, ... in 1.20 s: 50.0 sentences/s, 400 tokens/s; 2 translations cut at the maximum length".
std::string report_text(const TranslateReport& report, const Seq2SeqModel& model);

}  // namespace attnzoo
