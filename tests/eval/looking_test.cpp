// What can be seen of a translation: links between words, views of the attention, pictures, the trace of a search, the document of a page.
#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "data/special_tokens.h"
#include "eval/alignment.h"
#include "eval/attention_svg.h"
#include "eval/attention_view.h"
#include "eval/search.h"
#include "tests/eval/table_model.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

// Ids from 4 on are letters; 3 more than 'z' stand for a space.
std::string letters(std::span<const int32_t> ids) {
  std::string text;
  for (const auto id : ids)
    if (id != kEosId) text += id == 30 ? ' ' : static_cast<char>('a' + id - 4);
  return text;
}

}  // namespace

TEST_CASE("Tokens know their words", "[looking]") {
  const std::vector<int32_t> ids = {4, 5, 30, 6, kEosId};  // "ab c" </s>
  CHECK(word_of_tokens(ids, letters) == std::vector<int32_t>{0, 0, 0, 1, -1});
  CHECK(word_of_tokens({}, letters).empty());
}

TEST_CASE("A target word links to the source word that its tokens look at most, together", "[looking]") {
  // Target words 0 (two tokens) and 1; source words 0 and 1 (two tokens), then </s>, which no word links to.
  const auto weights = at::tensor({0.4f, 0.2f, 0.3f, 0.1f,  //
                                   0.4f, 0.3f, 0.3f, 0.0f,  //
                                   0.3f, 0.1f, 0.1f, 0.5f,  //
                                   0.0f, 0.0f, 0.0f, 1.0f})
                           .view({4, 4});
  const std::vector<int32_t> target = {0, 0, 1, -1}, source = {0, 1, 1, -1};
  CHECK(pharaoh_links(weights, target, source) == "1-0 0-1");
  CHECK(pharaoh_links(weights, {}, source).empty());
  CHECK(pharaoh_links(torch::Tensor(), target, {}).empty());
}

TEST_CASE("Views are read as they are written", "[looking]") {
  for (const char* text : {"cross.last.mean", "cross.2.3", "encoder.mean.mean", "decoder.1.mean"})
    CHECK(AttentionView::parse(text).text() == text);
  CHECK(AttentionView::parse("cross").is_default());
  CHECK(AttentionView::parse("cross.2").text() == "cross.2.mean");
  for (const char* text : {"", "cros.1.1", "cross.0.1", "cross.1.last", "cross.x", "cross.1.2.3", "cross..1", "cross.-1"})
    CHECK_THROWS_AS(AttentionView::parse(text), ConfigError);
}

TEST_CASE("A view selects or averages layers and heads, and names what there is", "[looking]") {
  ForcedPass pass;
  pass.attention_TS = at::full({1, 1}, 9.0f);
  pass.source_HTS = {at::tensor({1.0f, 2.0f}).view({2, 1, 1}), at::tensor({3.0f, 6.0f}).view({2, 1, 1})};
  const auto value = [&](const char* view) { return select_view(pass, AttentionView::parse(view)).item<float>(); };
  CHECK(value("cross") == 9);
  CHECK(value("cross.1.2") == 2);
  CHECK(value("cross.2.mean") == 4.5f);
  CHECK(value("cross.mean.1") == 2);
  CHECK(value("cross.mean.mean") == 3);
  CHECK_THROWS_WITH(value("cross.3.1"), ContainsSubstring("has 2 layers"));
  CHECK_THROWS_WITH(value("cross.1.3"), ContainsSubstring("has 2 heads"));
  CHECK_THROWS_WITH(value("encoder.1.1"), ContainsSubstring("no encoder attention"));
}

TEST_CASE("A picture shows hostile labels as text", "[looking]") {
  const auto svg = attention_svg(at::tensor({0.25f, 1.0f}).view({1, 2}), {"</svg><script>"}, {"a&b", std::string("\x01\xff", 2)});
  CHECK_THAT(svg, ContainsSubstring("&lt;/svg&gt;&lt;script&gt;") && ContainsSubstring("a&amp;b") &&
                      ContainsSubstring("fill-opacity=\"0.250\"") && ContainsSubstring("fill-opacity=\"1.000\""));
  CHECK(svg.find("<script") == svg.npos);
  CHECK(svg.find('\x01') == svg.npos);
  CHECK(is_attention_svg(svg));
  CHECK_FALSE(is_attention_svg(svg + "<!-- edited -->"));
}

TEST_CASE("The picture of a long line stays small", "[looking]") {
  const std::vector<std::string> labels(1500, "word");
  const auto svg = attention_svg(at::softmax(at::randn({1500, 1500}), 1), labels, labels);
  CHECK(svg.size() < 3'000'000);
  CHECK_THAT(svg, ContainsSubstring("data:image/png;base64,iVBORw0KGgo"));
}

TEST_CASE("A trace shows what a search considered, kept and dropped, and changes nothing", "[looking]") {
  // Every prefix has the same distribution over the letters a, b, c and </s>.
  TableModel model(8, [](const Ids&, const Ids&) { return std::vector<float>{-99, -99, -99, 0.0f, 1.0f, 2.0f, -1.0f, -2.0f}; });
  const auto source = torch::tensor({{4, 5, kEosId}}, torch::kLong);
  SearchOptions options;
  options.beam = 2;
  options.n_best = 2;
  options.max_length = 3;
  const auto plain = search(model, source, options)[0];
  options.want_trace = true;
  const auto traced = search(model, source, options)[0];
  REQUIRE(traced.size() == plain.size());
  for (size_t i = 0; i < plain.size(); ++i) {
    CHECK(traced[i].ids == plain[i].ids);
    CHECK(traced[i].score == plain[i].score);
  }
  CHECK(plain[0].trace == nullptr);
  REQUIRE(traced[0].trace != nullptr);
  const auto& trace = *traced[0].trace;
  REQUIRE(!trace.steps.empty());
  CHECK(trace.steps[0].live == std::vector<int32_t>{-1});
  REQUIRE(trace.steps[0].likeliest[0].size() == 5);
  CHECK(trace.steps[0].likeliest[0][0].id == 5);
  CHECK(trace.steps[0].num_nodes == 4);
  int num_live = 0;
  for (int32_t n = 0; n < 4; ++n) num_live += trace.nodes[static_cast<size_t>(n)].fate == SearchTrace::Fate::kLive;
  CHECK(num_live == 2);
  // The marked path spells the best hypothesis.
  std::vector<int32_t> best;
  for (const auto& node : trace.nodes)
    if (node.best && node.id != kEosId) best.push_back(node.id);
  CHECK(best == traced[0].ids);
  for (const auto& node : trace.nodes) {
    CHECK(node.parent < static_cast<int32_t>(&node - trace.nodes.data()));
    if (node.parent >= 0) CHECK(trace.nodes[static_cast<size_t>(node.parent)].fate == SearchTrace::Fate::kLive);
  }
}

}  // namespace attnzoo::test
