#include "eval/score_command.h"

#include <fmt/format.h>

#include <memory>

#include "data/error.h"
#include "data/files.h"
#include "data/message.h"
#include "data/option_reader.h"
#include "data/progress.h"
#include "data/stop_signal.h"
#include "eval/decode_options.h"
#include "eval/pair_scores.h"
#include "eval/test_set.h"
#include "models/checkpoint.h"

namespace attnzoo {
namespace {

const CommandLine kAboutScore = {
    "attnzoo-eval score",
    "Prints how probable a model finds given targets, line by line: log-probability in nats, number of tokens with </s>, perplexity per "
    "token.",
    "--run DIR --source FILE --reference FILE [OPTION...]\n"
    "  attnzoo-eval score --run DIR --text FILE [OPTION...]    (a language model; or --tsv, --jsonl)",
    {"attnzoo-eval score --run runs/lm --text test.txt > scores.tsv",
     "attnzoo-eval score --run runs/lm --text test.txt --format json --tokens      # the surprise of each token",
     "attnzoo-eval score --run runs/demo --jsonl pairs.jsonl --output scored.jsonl    # adds a field \"score\" to each object"}};

}  // namespace

int run_score(int argc, char** argv) {
  StopSignal stop;
  cxxopts::Options options(kAboutScore.program, kAboutScore.summary);
  auto text_options = options.add_options("Text");
  add_test_set_options(text_options);
  text_options("output", "Written once everything is scored (default: standard output)", cxxopts::value<std::string>(), "FILE");
  text_options("format", "text: log-probability, tokens and perplexity between tabs; or json: one object per line",
               cxxopts::value<std::string>()->default_value("text"), "FORMAT");
  text_options("tokens", "With JSON: the log-probability of each token");
  text_options("output-field", "Name of the field that is added to each object of --jsonl",
               cxxopts::value<std::string>()->default_value("score"), "NAME");
  add_invalid_utf8_option(text_options);
  text_options("quiet", "No progress");
  add_model_options(options);
  add_scoring_options(options);
  cxxopts::ParseResult arguments;
  if (!parse_command_line(kAboutScore, options, argc, argv, arguments)) return 0;
  apply_threads_option(arguments);
  const auto format = arguments["format"].as<std::string>();
  const bool records = arguments.count("jsonl") > 0, json = records || format == "json", tokens = arguments.count("tokens") > 0;
  if (format != "text" && format != "json") throw UsageError(fmt::format("--format: unknown format '{}'; accepted: text, json", format));
  if (format == "json" && arguments.count("tsv") > 0) throw UsageError("--format json: scores become columns of TSV; omit it");
  if (arguments.count("output-field") > 0 && !records)
    throw UsageError("--output-field names a field of JSON lines; give them with --jsonl, or omit it");
  if (tokens && !json) throw UsageError("--tokens is written as JSON only; add --format json");
  const auto policy = invalid_utf8_option(arguments);
  const auto scoring = scoring_options(arguments);
  const auto compute = compute_option(arguments);
  const auto checkpoint = chosen_checkpoint(arguments);
  std::unique_ptr<AtomicFile> file;
  if (const auto output = arguments.count("output") > 0 ? arguments["output"].as<std::string>() : "-"; output != "-") {
    auto inputs = model_files(checkpoint);
    for (auto& name : test_set_files(arguments)) inputs.emplace_back(name);
    refuse_input_as_output("--output", output, inputs);
    file = std::make_unique<AtomicFile>(output);
  }
  auto loaded = load_model(checkpoint, scoring.device, compute);
  const bool label = loaded.model->says_label();
  const auto text = read_test_set(task_of_model(*loaded.model), checkpoint, arguments, policy, arguments["output-field"].as<std::string>());
  stop.ask_first();
  auto progress = arguments.count("quiet") > 0 ? nullptr : std::make_unique<Progress>();
  const auto show = [&](int64_t done) {
    if (progress)
      progress->update([&] { return fmt::format("scored {} of {}", done, counted(static_cast<int64_t>(text.sources.size()), "line")); });
  };
  std::vector<TokenScores> scores;
  try {
    score_text(*loaded.model, loaded.tokenizers, text.sources, text.references, scoring.max_source_tokens, {}, scoring.device, &scores,
               show, &stop.requested());
  } catch (const Error&) {
    if (!stop.requested()) throw;
    progress.reset();
    print_message("attnzoo-eval: interrupted");
    return stop.exit_status();
  }
  progress.reset();
  for (size_t i = 0; i < scores.size(); ++i) {
    std::string result;
    if (json) {
      std::vector<std::string> pieces;
      if (tokens) pieces = target_pieces(loaded, text.sources[i], text.references[i], scoring.max_source_tokens);
      result = score_object(scores[i], label, tokens ? &pieces : nullptr);
    } else {
      result = tab_separated(score_columns(scores[i]));
    }
    const auto line = text.slots.empty() ? result : text.slots[i].with(result);
    file ? file->write(line + "\n") : print_output(line + "\n");
  }
  if (file) file->commit();
  return 0;
}

}  // namespace attnzoo
