#include "data/error.h"

#include "data/utf8.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("fail formats its message into the exception it names") {
  REQUIRE_THROWS_AS(fail<DataError>("{}:{}: not valid UTF-8", "a", 3), DataError);
  REQUIRE_THROWS_WITH(fail<ConfigError>("{} of {}", 1, 2), "1 of 2");
}

TEST_CASE("a message that quotes something very long keeps its beginning and its end, in whole characters") {
  std::string quoted;
  while (quoted.size() < 100000) quoted += "\xC3\xA4";
  const std::string text = Error("config.json: unknown value '" + quoted + "'; accepted: a, b").what();
  CHECK(text.size() < 10100);
  CHECK(text.starts_with("config.json: unknown value '"));
  CHECK(text.ends_with("'; accepted: a, b"));
  CHECK(find_invalid_utf8(text) == std::string::npos);
  CHECK(std::string(Error(std::string(9000, 'x')).what()).size() == 9000);
}

}  // namespace attnzoo::test
