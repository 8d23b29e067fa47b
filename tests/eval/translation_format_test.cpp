// What attnzoo-translate writes, for every registered family.
#include "eval/translation_format.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/tokenizer.h"
#include "eval/explanation.h"
#include "models/registry.h"

#include "tests/catch.h"

using namespace attnzoo;
using namespace attnzoo::test;

namespace {

struct FamilySubject {
  std::string name;
  std::shared_ptr<Seq2SeqModel> model;
  TokenizerPair tokenizers;
};

// An untrained model of each family with a vocabulary of eight words; a classifier with three labels.
std::vector<FamilySubject> untrained_families() {
  TokenizerConfig words;
  words.kind = "words";
  std::vector<FamilySubject> subjects;
  for (const auto& family : model_families()) {
    FamilySubject subject;
    subject.name = family.name;
    auto config = nlohmann::json::parse(family.conformance_variants.at(0).fields);
    config["family"] = family.name;
    const std::vector<std::string> lines = {"a", "b", "c", "d", "e", "f", "g", "h"}, labels = {"x", "y", "z"};
    subject.tokenizers.source = subject.tokenizers.target = train_tokenizer(words, lines);
    const int64_t size = subject.tokenizers.source->vocabulary_size();
    torch::manual_seed(5);
    subject.model = build_model(config, {size, size, true});
    if (subject.model->says_label()) {
      subject.tokenizers.target = train_labels(labels);
      subject.model = build_model(config, {size, subject.tokenizers.target->vocabulary_size(), false});
    }
    subject.model->eval();
    subjects.push_back(subject);
  }
  return subjects;
}

}  // namespace

TEST_CASE("tokens, attention and source tokens agree for every family, line and search") {
  // Some lines are blank, have unknown words, or are longer than max_source_tokens.
  const std::vector<std::string> lines = {"a b c", "", "  ", "q a r", "a b c d e f g h a b c", "h"};
  std::vector<TranslateOptions> searches(5);
  for (auto& options : searches) {
    options.max_source_tokens = 4;
    options.search.max_length = 6;
    options.search.want_attention = true;
  }
  searches[1].search.n_best = 3;
  searches[2].search.beam = 1;
  searches[3].search.sample = true;
  searches[3].search.n_best = 3;
  searches[4].search.no_repeat_ngram = 1;  // ten words at most, then nothing may follow
  searches[4].search.min_length = searches[4].search.max_length = 30;
  for (const auto& subject : untrained_families()) {
    for (size_t s = 0; s < searches.size(); ++s) {
      const auto& options = searches[s];
      const auto translations = translate(*subject.model, subject.tokenizers, lines, options);
      for (size_t i = 0; i < lines.size(); ++i) {
        INFO(subject.name << ", search " << s << ", line " << i);
        const auto text = json_line(translations[i], static_cast<int64_t>(i), lines[i], subject.tokenizers, options);
        const auto object = nlohmann::json::parse(text);
        const size_t num_columns = object["source_tokens"].size();
        CHECK(object["attention"].size() == object["tokens"].size());
        for (const auto& row : object["attention"]) CHECK(row.size() == num_columns);
        const bool reads = subject.model->reads_source(), blank = i == 1 || i == 2;
        if (!reads || (blank && subject.model->says_label())) CHECK(object["source_tokens"] == nlohmann::json{"</s>"});
        if (reads && !subject.model->says_label() && blank) CHECK(num_columns == 0);
        if (reads && i == 4) CHECK(object["source_tokens"] == nlohmann::json{"a", "b", "c", "d", "</s>"});
        if (s == 4 && !subject.model->says_label() && !blank) CHECK(object["truncated"] == true);

        const auto n_best = n_best_lines(translations[i], static_cast<int64_t>(i), subject.model->says_label());
        const auto num_lines = static_cast<size_t>(std::count(n_best.begin(), n_best.end(), '\n'));
        CHECK(num_lines == translations[i].hypotheses.size());
        CHECK(num_lines >= 1);
        CHECK(object.contains("n_best") == (options.search.n_best > 1));
        CHECK(object.contains("probability") == subject.model->says_label());
        if (options.search.n_best == 1) continue;
        CHECK(object["n_best"].size() == num_lines);
        for (const char* field : {"text", "score", "log_probability", "tokens", "truncated"})
          CHECK(object["n_best"][0][field] == object[field]);
      }
    }
  }
}

TEST_CASE("a blank line has one empty hypothesis in every form") {
  const auto subject = untrained_families().front();
  TranslateOptions options;
  options.search.n_best = 2;
  const std::vector<std::string> lines = {""};
  const auto translation = translate(*subject.model, subject.tokenizers, lines, options)[0];
  CHECK(plain_line(translation) == "\n");
  CHECK(n_best_lines(translation, 7, false) == "7 |||  ||| 0.000000\n");
  CHECK(json_line(translation, 7, "", subject.tokenizers, options) ==
        R"({"index":7,"text":"","score":0.0,"log_probability":0.0,"tokens":[],"truncated":false,"source_truncated":false,)"
        R"("n_best":[{"text":"","score":0.0,"log_probability":0.0,"tokens":[],"truncated":false}]})");
}

TEST_CASE("the document of a page holds what was decoded, for every family and line") {
  const std::vector<std::string> lines = {"a b c", "", "q a r", "a b c d e f g h a b c"};
  TranslateOptions options;
  options.max_source_tokens = 4;
  options.search.max_length = 6;
  options.search.n_best = 2;
  options.search.want_attention = options.search.want_trace = true;
  for (const auto& subject : untrained_families()) {
    LoadedModel loaded{{{"model", {{"family", subject.name}}}}, subject.tokenizers, subject.model, "step-000001"};
    const auto translations = translate(*subject.model, subject.tokenizers, lines, options);
    const auto document = explanation(loaded, lines, translations, options, "run");
    REQUIRE(document["lines"].size() == lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
      INFO(subject.name << ", line " << i);
      const auto& line = document["lines"][i];
      if (translations[i].attended_ids.empty()) {
        CHECK(line["hypotheses"].empty());
        continue;
      }
      REQUIRE(line["hypotheses"].size() == translations[i].hypotheses.size());
      CHECK(line.contains("steps"));
      CHECK(line.contains("labels") == subject.model->says_label());
      if (line.contains("labels")) {
        double of_labels = 0;
        for (const auto& label : line["labels"]) of_labels += label["probability"].get<double>();
        CHECK(of_labels == Approx(1).margin(1e-4));
      }
      for (size_t h = 0; h < line["hypotheses"].size(); ++h) {
        const auto& found = translations[i].hypotheses[h];
        const auto& shown = line["hypotheses"][h];
        CHECK(shown["text"] == translations[i].n_best_text[h]);
        const size_t num_tokens = shown["tokens"].size();
        CHECK(shown["token_log_probabilities"].size() == num_tokens);
        CHECK(shown["words"].size() == num_tokens);
        // The tokens' probabilities add up to the hypothesis's; those that were given are not part of it.
        double sum = 0;
        for (const auto& value : shown["token_log_probabilities"]) sum += value.get<double>();
        if (subject.model->reads_source()) CHECK(sum == Approx(found.log_probability).margin(1e-3));
        for (const auto& view : shown["views"]) {
          const auto width = [&](const std::string& side) { return side == "output" ? num_tokens : line["source"]["tokens"].size(); };
          const size_t num_bytes = 2 * width(view["rows"]) * width(view["columns"]);
          CHECK(view["weights"].get<std::string>().size() == (num_bytes + 2) / 3 * 4);
        }
        CHECK(shown["copy"].is_null() != subject.model->copies());
      }
    }
  }
}
