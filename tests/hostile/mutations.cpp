#include "tests/hostile/mutations.h"

#include <sys/resource.h>
#include <time.h>

#include <cctype>
#include <cstring>
#include <random>

#include "data/error.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
constexpr double kMaxSeconds = kSanitized ? 20 : 2;
constexpr int64_t kMaxMegabytes = kSanitized ? 4000 : 500;

using Random = std::mt19937_64;

const std::vector<std::string>& hostile_values() {
  static const std::vector<std::string> values = {"-1",
                                                  "0",
                                                  "1000000000",
                                                  "100000000000000000",
                                                  "9223372036854775807",
                                                  "9223372036854775808",
                                                  "18446744073709551615",
                                                  "18446744073709551616",
                                                  "-9223372036854775809",
                                                  "1e9",
                                                  "1e400",
                                                  "-1e400",
                                                  "1e-400",
                                                  "0.5",
                                                  "NaN",
                                                  "null",
                                                  "true",
                                                  "[]",
                                                  "{}",
                                                  "\"\"",
                                                  "\"\\u0000\"",
                                                  "\"\\ud800\"",
                                                  "\"\\u001b[2J\"",
                                                  "\"../../etc/passwd\"",
                                                  "\"/dev/zero\""};
  return values;
}

// Replaces one of the numbers, or of the quoted strings, of a text.
void replace_value(std::string& text, Random& random) {
  const bool numbers = random() % 4 != 0;
  const auto begins = [&](size_t i) { return numbers ? std::isdigit(static_cast<unsigned char>(text[i])) != 0 : text[i] == '"'; };
  const size_t first = random() % text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t begin = (first + i) % text.size();
    if (!begins(begin)) continue;
    size_t end = begin + 1;
    while (end < text.size() && (numbers ? begins(end) : text[end] != '"')) ++end;
    if (!numbers && end < text.size()) ++end;
    text.replace(begin, end - begin, hostile_values()[random() % hostile_values().size()]);
    return;
  }
}

void replace_word(std::string& bytes, Random& random) {
  constexpr uint64_t kValues[] = {0,           1, 0x7F, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
                                  ~uint64_t{0}};
  const size_t width = random() % 2 == 0 ? 4 : 8;
  if (bytes.size() < width) return;
  const uint64_t value = random() % 3 == 0 ? random() : kValues[random() % std::size(kValues)];
  size_t place = random() % (bytes.size() - width + 1);
  if (random() % 2 == 0) place -= place % 4;
  std::memcpy(bytes.data() + place, &value, width);
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int64_t peak_megabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::string nested(size_t levels, const std::string& open) {
  std::string text;
  for (size_t level = 0; level < levels; ++level) text += open;
  return text;
}

}  // namespace

std::string mutated(const std::string& content, Form form, uint64_t seed) {
  Random random(seed * 1000003 + content.size());
  auto bytes = content;
  const auto place = [&] { return bytes.empty() ? 0 : random() % bytes.size(); };
  const size_t num_changes = 1 + random() % 3;
  for (size_t change = 0; change < num_changes && !bytes.empty(); ++change) {
    switch (random() % 10) {
      case 0:
        bytes.resize(place());
        break;
      case 1:
        bytes[place()] ^= static_cast<char>(1 << random() % 8);
        break;
      case 2:
        bytes.erase(place(), 1 + random() % 16);
        break;
      case 3:
        bytes.insert(place(), std::string(1 + random() % 16, static_cast<char>(random())));
        break;
      case 4: {
        const auto part = bytes.substr(place(), 1 + random() % 64);
        bytes.insert(place(), part);
        break;
      }
      case 5:
        bytes.append(random() % 20 == 0 ? 1 << 20 : 4096, '\0');
        break;
      case 6:
        if (form == Form::kText) {
          const char* open = random() % 2 == 0 ? "[" : "{\"a\":";
          bytes.insert(place(), nested(random() % 10 == 0 ? 100000 : 200, open));
          break;
        }
        [[fallthrough]];
      default:
        if (form == Form::kText)
          replace_value(bytes, random);
        else
          replace_word(bytes, random);
    }
  }
  return bytes;
}

std::vector<std::string> foreign_files(const std::string& content) {
  return {"",
          std::string(1, '\0'),
          std::string(size_t{1} << 20, '\0'),
          "{}",
          "[]",
          "null",
          "[1, 2",
          nested(100000, "["),
          nested(100000, "{\"a\":"),
          nested(100000, "[") + std::string(100000, ']'),
          std::string(4096, '\xff'),
          "\x80\x04\x95junk",
          "\x1f\x8b\x08\x04\x01",
          content + content,
          content + std::string(size_t{1} << 20, '\0')};
}

Survival survive(const std::string& content, Form form, size_t count, const std::function<void(const std::string&)>& read) {
  Survival survival;
  const auto peak_before = peak_megabytes();
  const auto attempt = [&](const std::string& bytes) {
    const double begin = cpu_seconds();
    try {
      read(bytes);
      ++survival.num_read;
    } catch (const Error& error) {
      CHECK(std::strlen(error.what()) > 10);
      CHECK(std::strlen(error.what()) < 20000);
      ++survival.num_refused;
    }
    CHECK(cpu_seconds() - begin < kMaxSeconds);
  };
  const auto foreign = foreign_files(content);
  for (size_t i = 0; i < foreign.size(); ++i) {
    INFO("foreign file " << i);
    attempt(foreign[i]);
  }
  for (uint64_t seed = 0; seed < count; ++seed) {
    INFO("mutation " << seed);
    attempt(mutated(content, form, seed));
  }
  CHECK(peak_megabytes() - peak_before < kMaxMegabytes);
  return survival;
}

}  // namespace attnzoo::test
