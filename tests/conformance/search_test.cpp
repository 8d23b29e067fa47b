// Every family in the search and on disk.
#include "eval/search.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <functional>

#include "data/special_tokens.h"
#include "eval/scoring.h"
#include "models/checkpoint.h"
#include "models/safetensors.h"
#include "tests/conformance/subjects.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("A beam's hypotheses are as probable as scoring says, and the same alone and in a batch") {
  SearchOptions options;
  options.beam = 3;
  options.n_best = 2;
  options.max_length = 6;
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();
    auto sources = random_sentences(4, 7, 51);
    if (!model->reads_source()) sources.assign(4, {});
    const auto found = search(*model, source_ids(sources, 2), options);
    for (size_t b = 0; b < sources.size(); ++b) {
      const auto alone = search(*model, source_ids({sources[b]}), options)[0];
      REQUIRE(alone.size() == found[b].size());
      for (size_t i = 0; i < alone.size(); ++i) {
        CHECK(alone[i].ids == found[b][i].ids);
        CHECK(alone[i].log_probability == found[b][i].log_probability);
        if (found[b][i].truncated) continue;  // scoring would count an </s> that it lacks
        ScoreTotals totals;
        const auto batch = make_test_batch(*model, {sources[b]}, {{found[b][i].ids.begin(), found[b][i].ids.end()}});
        CHECK(log_probability_of(score_batch(*model, batch, totals)[0]) == Approx(found[b][i].log_probability).margin(2e-4));
      }
    }
  }
}

TEST_CASE("A sentence that takes the place of another one has the hypotheses and the attention that it has alone") {
  for (const bool sample : {false, true}) {
    SearchOptions options;
    options.beam = sample ? 1 : 3;
    options.n_best = 2;
    options.sample = sample;
    options.max_length_ratio = 0.7;  // the lengths of the results differ
    options.want_attention = true;
    for (const auto& subject : subjects()) {
      INFO(subject.name << (sample ? ", sampling" : ""));
      const auto model = subject.build();
      const InferenceModel frozen(*model);
      auto sources = random_sentences(11, 12, 57);
      std::ranges::sort(sources, std::greater(), &Sentence::size);
      if (!model->reads_source()) sources.assign(11, {});
      std::vector<std::vector<Hypothesis>> found(sources.size());
      size_t num_begun = 0, num_done = 0, num_joined = 0;
      const SearchFeed feed{[&](size_t at_most) {
                              std::vector<SearchText> texts;
                              if (num_done < num_begun && num_begun < sources.size()) ++num_joined;
                              for (; texts.size() < at_most && num_begun < sources.size(); ++num_begun) {
                                texts.push_back({sources[num_begun], {{}, num_begun}});
                                texts.back().source.push_back(kEosId);
                              }
                              return texts;
                            },
                            [&](size_t text, std::vector<Hypothesis> hypotheses) {
                              ++num_done;
                              found[text] = std::move(hypotheses);
                            }};
      search(frozen, options, feed, 4);
      CHECK(num_done == sources.size());
      if (model->joins() && model->reads_source() && !model->says_label()) CHECK(num_joined > 0);
      for (size_t b = 0; b < sources.size(); ++b) {
        const auto alone = search(frozen, source_ids({sources[b]}), options, std::vector{SearchStart{{}, b}})[0];
        REQUIRE(alone.size() == found[b].size());
        for (size_t i = 0; i < alone.size(); ++i) {
          CHECK(alone[i].ids == found[b][i].ids);
          CHECK(alone[i].log_probability == found[b][i].log_probability);
          CHECK(alone[i].attention_TS.equal(found[b][i].attention_TS));
        }
      }
    }
  }
}

TEST_CASE("Greedy search is a beam of one that takes the likeliest token at every step") {
  SearchOptions options;
  options.beam = 1;
  options.max_length = 5;
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build();
    model->eval();
    if (model->says_label()) continue;
    const at::NoGradGuard no_grad;
    const InferenceModel frozen(*model);
    const auto source_BS = source_ids(random_sentences(1, 7, 53));
    const auto found = search(*model, source_BS, options)[0][0].ids;
    const Memory memory = model->encode(source_BS);
    State state = model->start(memory);
    int64_t previous = kBosId;
    for (const int32_t id : found) {
      const auto output = model->step(memory, state, torch::full({1}, previous, torch::kLong), AttentionRequest::kNone);
      auto logits = output.logits_NV.clone();
      logits.select(1, kPadId).fill_(-1e9);
      logits.select(1, kBosId).fill_(-1e9);
      CHECK(logits.argmax(-1).item<int64_t>() == id);
      state = output.state;
      previous = id;
    }
  }
}

TEST_CASE("Weights saved to disk and loaded give the same bits") {
  const TemporaryDirectory folder;
  for (const auto& subject : subjects()) {
    INFO(subject.name);
    const auto model = subject.build(), other = subject.build();
    model->eval();
    other->eval();
    {
      const at::NoGradGuard no_grad;
      for (auto& parameter : other->parameters()) parameter.mul_(0.5);
    }
    save_safetensors(folder / "weights", model_weights(*model));
    const auto batch = make_test_batch(*model, random_sentences(3, 7, 55), random_sentences(3, 6, 56));
    CHECK_FALSE(stepped_logits(*model, batch).equal(stepped_logits(*other, batch)));
    set_model_weights(*other, load_safetensors(folder / "weights"), "weights");
    other->eval();
    CHECK(stepped_logits(*model, batch).equal(stepped_logits(*other, batch)));
  }
}

}  // namespace attnzoo::test
