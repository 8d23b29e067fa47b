#include "data/json_parser.h"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/utf8.h"

namespace attnzoo {
namespace {

// Characters of the text, with a note of how far the parser has read.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** latest;

  reference operator*() const { return *at; }
  CountingIterator& operator++() {
    *latest = ++at;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at == other.at; }
  bool operator!=(const CountingIterator& other) const { return at != other.at; }
};

// Builds the value from the parser's events and stops at the first fault.
class JsonBuilder {
 public:
  using Json = nlohmann::json;

  JsonBuilder(Json& root, std::string_view text, const char* const& read_to) : root_(root), text_(text), read_to_(read_to) {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string& /*digits*/) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) { return refuse("binary values are not JSON"); }

  bool start_object(size_t /*count*/) { return open(Json::object()); }
  bool start_array(size_t /*count*/) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    const auto [place, is_new] = open_.back()->get_ref<Json::object_t&>().try_emplace(name);
    if (!is_new) return refuse(fmt::format("the key '{}' is given twice in one object; remove one of them", shorten(name, 60)));
    member_ = &place->second;
    return true;
  }

  bool parse_error(size_t position, const std::string& token, const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    JsonFault found{true, position == 0 ? 0 : position - 1, ""};
    if (error.id == kNumberOverflow) {
      found.syntax = false;
      found.what = fmt::format("the number {} is too large; the largest is 1.8e308", shorten(token, 60));
    } else {
      // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error ..." without what our message says itself.
      const std::string message = error.what();
      const size_t colon = message.find(": ");
      const std::string reason = colon == std::string::npos ? message : message.substr(colon + 2);
      found.what = "not valid JSON: " + shorten(replace_invalid_utf8(reason), 240);
    }
    fault = std::move(found);
    return false;
  }

  std::optional<JsonFault> fault;

 private:
  // Puts a value where the next one belongs; null after a fault.
  template <class Value>
  Json* put(Value&& value) {
    if (open_.empty()) return &(root_ = std::forward<Value>(value));
    if (open_.back()->is_object()) return &(*member_ = std::forward<Value>(value));
    open_.back()->push_back(std::forward<Value>(value));
    return &open_.back()->back();
  }
  template <class Value>
  bool add(Value&& value) {
    put(Json(std::forward<Value>(value)));
    return true;
  }
  bool open(Json container) {
    if (open_.size() == kMaxJsonDepth) return refuse(fmt::format("nested more than {} levels deep", kMaxJsonDepth));
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool refuse(std::string what) {
    fault = JsonFault{false, static_cast<size_t>(read_to_ - text_.data()), std::move(what)};
    return false;
  }

  Json& root_;
  std::string_view text_;
  const char* const& read_to_;
  std::vector<Json*> open_;  // from the outermost container to the one being filled
  Json* member_ = nullptr;   // where the value of the latest key goes
};

}  // namespace

std::optional<JsonFault> parse_json_text(std::string_view text, JsonComments comments, nlohmann::json& value) {
  value = nullptr;
  if (text.size() > kMaxJsonBytes)
    return JsonFault{false, 0, fmt::format("{} bytes of JSON; at most {} are accepted", text.size(), kMaxJsonBytes)};
  // nlohmann's lexer takes a NUL for the end of the text.
  if (const size_t nul = text.find('\0'); nul != text.npos)
    return JsonFault{false, nul, fmt::format("byte {} is NUL, which JSON cannot hold; is this a text file?", nul + 1)};
  const char* read_to = text.data();
  JsonBuilder builder(value, text, read_to);
  const CountingIterator begin{text.data(), &read_to}, end{text.data() + text.size(), &read_to};
  nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json, /*strict=*/true,
                            /*ignore_comments=*/comments == JsonComments::kAccept);
  if (builder.fault) value = nullptr;
  return std::move(builder.fault);
}

}  // namespace attnzoo
