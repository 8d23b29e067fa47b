#include "data/error.h"

#include "tests/catch.h"

namespace attnzoo::test {

TEST_CASE("fail formats its message into the exception it names") {
  REQUIRE_THROWS_AS(fail<DataError>("{}:{}: not valid UTF-8", "a", 3), DataError);
  REQUIRE_THROWS_WITH(fail<ConfigError>("{} of {}", 1, 2), "1 of 2");
}

}  // namespace attnzoo::test
