// The forms of text beside pairs: labelled text and running text.
#include "data/batches.h"
#include "data/error.h"
#include "data/prepare.h"
#include "data/special_tokens.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;
using nlohmann::json;

namespace {

PreparedData prepare(const TemporaryDirectory& folder, json fields, Task task) {
  return prepare_data(DataConfig::from_json(fields, folder.path(), task), folder / "cache", {}, [](const std::string&) {});
}

const json kWords = {{"kind", "words"}};

}  // namespace

TEST_CASE("the label of a text is one token without </s>, whatever form the text comes in") {
  const TemporaryDirectory folder;
  folder.file("a.tsv", "good dog\tpos itive\nbad dog\tneg\nbad cat\tneg\n");
  folder.file("a.jsonl",
              "{\"text\": \"good dog\", \"label\": 1}\n{\"text\": \"bad dog\", \"label\": 0}\n{\"text\": \"bad cat\", \"label\": 0}\n");
  const auto form = GENERATE(json{{"tsv", "a.tsv"}}, json{{"jsonl", "a.jsonl"}, {"source_field", "text"}, {"target_field", "label"}});
  const auto data = prepare(folder, {{"train", form}, {"tokenizer", kWords}}, Task::kClassification);
  const auto& labels = *data.tokenizers.target;
  CHECK(labels.kind() == "labels");
  CHECK(labels.vocabulary_size() == kNumSpecialTokens + 2);
  CHECK(data.train->has_labels());
  const auto batch = make_batch(*data.train, std::vector<int64_t>{0, 1, 2});
  CHECK(batch.target_in_BT.equal(torch::full({3, 1}, int64_t{kBosId}, torch::kLong)));
  // The more frequent label comes first.
  CHECK(batch.target_out_BT.equal(torch::tensor({{5}, {4}, {4}}, torch::kLong)));
  CHECK(batch.target_length_B.equal(torch::ones({3}, torch::kLong)));
  CHECK(batch.num_target_tokens == 3);
  CHECK(labels.decode(std::vector<int32_t>{4}) == (form.contains("tsv") ? "neg" : "0"));
}

TEST_CASE("a validation label that training does not have is unknown, not an error") {
  const TemporaryDirectory folder;
  folder.file("train.tsv", "a b\tx\nb c\ty\n");
  folder.file("valid.tsv", "a c\tz\n");
  const auto data =
      prepare(folder, {{"train", {{"tsv", "train.tsv"}}}, {"valid", {{"tsv", "valid.tsv"}}}, {"tokenizer", kWords}}, Task::kClassification);
  CHECK(data.valid->target(0)[0] == kUnkId);
}

TEST_CASE("a language model's text is the target and nothing is the source") {
  const TemporaryDirectory folder;
  folder.file("text", "a b c\nb c\n\nc\n");
  const auto data = prepare(folder, {{"train", {{"text", "text"}}}, {"tokenizer", kWords}}, Task::kLanguageModel);
  REQUIRE(data.train->num_pairs() == 3);
  CHECK(data.train->source(0).empty());
  CHECK(data.tokenizers.target->decode(data.train->target(0)) == "a b c");
  CHECK(data.tokenizers.joint());
}

TEST_CASE("text of a form that does not fit the task is refused") {
  const TemporaryDirectory folder;
  const auto message = [&](json fields, Task task) {
    try {
      DataConfig::from_json(fields, folder.path(), task);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message({{"train", {{"text", "a"}}}}, Task::kTranslation) ==
        "data.train: 'text' is running text, for task 'language-model'; name pairs with 'source' and 'target', or 'tsv', or 'jsonl'");
  CHECK(message({{"train", {{"tsv", "a"}}}}, Task::kLanguageModel) ==
        "data.train: a language model learns from running text; name it with 'text'");
  CHECK(message({{"train", {{"tsv", "a"}}}, {"tokenizer", {{"copy_unknown", true}}}}, Task::kClassification) ==
        "data.tokenizer.copy_unknown: a label is not copied; omit it");
  CHECK(message({{"train", {{"tsv", "a"}}}, {"tokenizer", {{"copy_unknown", true}, {"joint", false}}}}, Task::kTranslation) ==
        "data.tokenizer.copy_unknown: needs one vocabulary for both sides; set joint to true");
  CHECK_THROWS_WITH(task_of({{"task", "clasification"}}), ContainsSubstring("did you mean 'classification'?"));
}
