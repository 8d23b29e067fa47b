#include "data/text_options.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/json_fields.h"
#include "data/json_line.h"
#include "data/option_reader.h"

namespace attnzoo {
namespace {

constexpr IntegerBounds kColumn{0, 1'000'000};

std::string text_option(const cxxopts::ParseResult& arguments, const std::string& option, const std::string& otherwise) {
  return arguments.count(option) > 0 ? arguments[option].as<std::string>() : otherwise;
}

}  // namespace

void add_invalid_utf8_option(cxxopts::OptionAdder& options) {
  options("invalid-utf8", "error, or replace: bytes that are not UTF-8 become U+FFFD",
          cxxopts::value<std::string>()->default_value("error"), "POLICY");
}

InvalidUtf8 invalid_utf8_option(const cxxopts::ParseResult& arguments) {
  try {
    return parse_invalid_utf8(arguments["invalid-utf8"].as<std::string>());
  } catch (const ConfigError& error) {
    throw UsageError(error.what());
  }
}

void add_text_form_options(cxxopts::OptionAdder& options, const std::vector<std::string>& sides) {
  options("jsonl", "Text in JSON lines, one object per line, instead of plain text", cxxopts::value<std::string>(), "FILE");
  options("tsv", "Text in columns separated by tabs, instead of plain text", cxxopts::value<std::string>(), "FILE");
  for (size_t i = 0; i < sides.size(); ++i) {
    // The first two make a pair; more are asked for by name.
    options(sides[i] + "-field",
            fmt::format("Field of --jsonl that holds the {}{}; a.b is the field b of the object a", sides[i],
                        i < 2 ? " (default: " + sides[i] + ")" : ""),
            cxxopts::value<std::string>(), "NAME");
    options(sides[i] + "-column",
            fmt::format("Column of --tsv that holds the {}, from 0{}", sides[i], i < 2 ? fmt::format(" (default: {})", i) : ""),
            cxxopts::value<std::string>(), "N");
  }
}

SourceConfig text_of_options(const cxxopts::ParseResult& arguments, const std::string& first, const std::string& second) {
  const bool tsv = arguments.count("tsv") > 0, jsonl = arguments.count("jsonl") > 0;
  if (tsv && jsonl) throw UsageError("--tsv and --jsonl are two forms of text; give one of them");
  for (const auto& side : {first, second}) {
    if (!tsv && arguments.count(side + "-column") > 0) throw UsageError(fmt::format("--{}-column is for --tsv; add it", side));
    if (!jsonl && arguments.count(side + "-field") > 0) throw UsageError(fmt::format("--{}-field is for --jsonl; add it", side));
  }
  SourceConfig text;
  if (jsonl)
    text.form = JsonlFiles{{arguments["jsonl"].as<std::string>()},
                           text_option(arguments, first + "-field", first),
                           text_option(arguments, second + "-field", second)};
  if (tsv) {
    TsvFiles form{{arguments["tsv"].as<std::string>()}};
    OptionReader numbers(arguments);
    if (numbers.given(first + "-column")) form.source_column = numbers.integer(first + "-column", kColumn);
    if (second != first && numbers.given(second + "-column")) form.target_column = numbers.integer(second + "-column", kColumn);
    numbers.finish();
    text.form = form;
  }
  return text;
}

RecordSlot slot_for(const SourceConfig& text, const TextPair& pair, const std::string& field) {
  if (std::holds_alternative<TsvFiles>(text.form)) return {pair.record + "\t", ""};
  if (!std::holds_alternative<JsonlFiles>(text.form)) return {};
  const auto object = parse_json_line(pair.record, pair.place());
  if (object.contains(field)) fail<DataError>("{}: has a field '{}' already; choose another name with --output-field", pair.place(), field);
  const size_t end = pair.record.rfind('}');
  return {fmt::format("{}{}{}:", std::string_view(pair.record).substr(0, end), object.empty() ? "" : ",", json_text(nlohmann::json(field))),
          pair.record.substr(end)};
}

std::string tab_separated(std::span<const std::string> columns) {
  std::string line;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line += '\t';
    for (const char c : columns[i]) line += c == '\t' ? ' ' : c;
  }
  return line;
}

}  // namespace attnzoo
