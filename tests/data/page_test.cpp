// Pages: data of any kind stays data.
#include "data/page.h"

#include <nlohmann/json.hpp>

#include "data/error.h"

#include "tests/catch.h"

namespace attnzoo {
namespace {

constexpr std::string_view kViewer =
    "<!doctype html><title>name</title><script type=\"application/json\" id=\"data\">null</script><script>show()</script>";

std::string data_block(const std::string& page) {
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

}  // namespace

TEST_CASE("a page holds its data, whatever the text", "[page]") {
  const nlohmann::json data = {{"text", "</script><img src=x onerror=alert(1)><!-- \u202e \u2028 $& \\0"}, {"numbers", {1, 2.5}}};
  const auto page = make_page(kViewer, "runs/a", data);
  CHECK(nlohmann::json::parse(data_block(page)) == data);
  CHECK(data_block(page).find('<') == std::string::npos);
  CHECK(page.ends_with("<script>show()</script>"));
}

TEST_CASE("a page's title is text", "[page]") {
  const auto page = make_page(kViewer, "a</title><script>bad() & \xff", nullptr);
  CHECK(page.find("<title>a&lt;/title&gt;&lt;script&gt;bad() &amp; \ufffd</title>") != std::string::npos);
}

TEST_CASE("bytes that are not UTF-8 do not stop a page", "[page]") {
  const auto page = make_page(kViewer, "t", nlohmann::json{{"text", "a\xff"}});
  CHECK(nlohmann::json::parse(data_block(page))["text"] == "a\ufffd");
}

TEST_CASE("a viewer without a place for the data is refused", "[page]") {
  CHECK_THROWS_AS(make_page("<title></title>", "t", nullptr), Error);
}

}  // namespace attnzoo
