#include "data/text_form.h"

#include <vector>

#include "tests/catch.h"

using namespace attnzoo;

namespace {
using Lines = std::vector<std::string>;
}

TEST_CASE("text of another form than one sentence per line is noticed by its first lines") {
  CHECK(other_form("x.jsonl", Lines{R"({"source": "a", "target": "b"})", R"({"source": "c"})"}) ==
        "x.jsonl: looks like JSON lines but is read as plain text, one sentence per line; give it with --jsonl, or extract the text: jq -r "
        ".FIELD");
  CHECK(other_form("standard input", Lines{R"( {"a": 1})"}).starts_with("standard input: looks like JSON lines"));
  CHECK(other_form("test.tsv", Lines{"a\tb", "c\td"}) ==
        "test.tsv: looks like TSV (2 columns) but is read as plain text, one sentence per line; give it with --tsv, or extract a column: "
        "cut -f1");
  CHECK(other_form("test.tsv.gz", Lines{"a\tb\tc"}).starts_with("test.tsv.gz: looks like TSV (3 columns)"));
  for (const auto& plain :
       {Lines{}, Lines{""}, Lines{"a sentence", "{ another one }"}, Lines{R"({"a": 1})", "text"}, Lines{"{"}, Lines{"[1]"}})
    CHECK(other_form("text.en", plain).empty());
  CHECK(other_form("text.en", Lines{"a\tb"}).empty());
  CHECK(other_form("test.tsv", Lines{"a\tb", "c"}).empty());
}
