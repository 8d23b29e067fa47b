// gettext catalogs, made here byte by byte.
#include "data/importers/gettext.h"

#include <chrono>
#include <filesystem>

#include "data/error.h"
#include "data/importers/mo_file.h"
#include "data/text_reader.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;
using test::ContainsSubstring;

const ImportLog kQuiet = [](const std::string&) {};

// A catalog as msgfmt writes it; `swapped` in the other byte order.
std::string make_mo(const std::vector<std::pair<std::string, std::string>>& entries, bool swapped = false) {
  std::string bytes, strings;
  const auto number = [&](uint32_t value) {
    if (swapped) value = __builtin_bswap32(value);
    bytes.append(reinterpret_cast<const char*>(&value), 4);
  };
  const auto count = static_cast<uint32_t>(entries.size());
  for (const uint32_t value : {0x950412deu, 0u, count, 28u, 28 + 8 * count, 0u, 28 + 16 * count}) number(value);
  for (const bool id : {true, false})
    for (const auto& [key, text] : entries) {
      const std::string& part = id ? key : text;
      number(static_cast<uint32_t>(part.size()));
      number(static_cast<uint32_t>(28 + 16 * count + strings.size()));
      strings += part + '\0';
    }
  return bytes + strings;
}

const std::string kHeader = "Project-Id-Version: x\nContent-Type: text/plain; charset=UTF-8\n";

}  // namespace

TEST_CASE("a catalog of either byte order gives its messages with context and first plural form") {
  const auto entries =
      std::vector<std::pair<std::string, std::string>>{{"", kHeader},
                                                       {"menu\4Open",
                                                        "\xC3\x96"
                                                        "ffnen"},
                                                       {std::string("%d file\0%d files", 16), std::string("%d Datei\0%d Dateien", 19)},
                                                       {std::string("%d byte\0%d bytes", 16), "%d baito"}};
  const auto messages = parse_mo(make_mo(entries, GENERATE(false, true)), "x.mo");
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].context == "menu");
  CHECK(messages[0].id == "Open");
  CHECK(messages[0].text ==
        "\xC3\x96"
        "ffnen");
  CHECK(messages[1].id == "%d file");
  CHECK(messages[1].text == "%d Datei");
  CHECK(messages[2].id == "%d bytes");  // one form for all numbers goes with the plural
}

TEST_CASE("a catalog in Latin-9 is converted and one in another charset refused") {
  const auto latin9 = parse_mo(make_mo({{"", "Content-Type: text/plain; charset=ISO-8859-15\n"}, {"a", "\xE4 \xA4"}}), "x.mo");
  CHECK(latin9.at(0).text == "\xC3\xA4 \xE2\x82\xAC");
  CHECK_THROWS_WITH(parse_mo(make_mo({{"", "Content-Type: text/plain; charset=KOI8-R\n"}}), "x.mo"),
                    ContainsSubstring("x.mo: charset KOI8-R is not read; accepted are UTF-8, US-ASCII, ISO-8859-1 and ISO-8859-15"));
}

TEST_CASE("every truncation and every damaged byte of a catalog is an error or harmless, never a crash") {
  const std::string whole = make_mo({{"", kHeader}, {"one", "eins"}, {"two", "zwei"}});
  size_t num_refused = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    try {
      parse_mo(whole.substr(0, size), "x.mo");
    } catch (const DataError&) {
      ++num_refused;
    }
  }
  CHECK(num_refused + 2 >= whole.size());  // only the last string's end mark is not needed
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = '\xFF';
    try {
      const size_t num_messages = parse_mo(damaged, "x.mo").size();
      CHECK(num_messages <= 3);
    } catch (const DataError& error) {
      CHECK_THAT(error.what(), ContainsSubstring("x.mo: "));
    }
  }
  CHECK_THROWS_WITH(parse_mo(whole.substr(0, 20), "x.mo"), "x.mo: 20 bytes are too few for a gettext catalog");
  CHECK_THROWS_WITH(parse_mo(std::string(40, 'x'), "x.mo"), "x.mo: not a gettext catalog (it starts with 78787878)");
  CHECK_THROWS_WITH(parse_mo(whole.substr(0, 60), "x.mo"), ContainsSubstring("x.mo: truncated or damaged: it refers to byte"));
}

TEST_CASE("a catalog whose entries share one string again and again is refused, whatever they would add up to") {
  constexpr uint32_t kEntries = 20000, kTextBytes = 500000;
  std::string bytes;
  const auto number = [&](uint32_t value) { bytes.append(reinterpret_cast<const char*>(&value), 4); };
  for (const uint32_t value : {0x950412deu, 0u, kEntries, 28u, 28 + 8 * kEntries, 0u, 28 + 16 * kEntries}) number(value);
  for (uint32_t entry = 0; entry < 2 * kEntries; ++entry) {
    number(kTextBytes);
    number(28 + 16 * kEntries);
  }
  bytes += std::string(kTextBytes, 'x') + '\0';
  CHECK_THROWS_WITH(parse_mo(bytes, "x.mo"), "x.mo: damaged: its entries refer to 20000000000 bytes of text in a file of 820029");
}

TEST_CASE("a message of a megabyte that opens placeholders and closes none is read in linear time") {
  ParallelPair pair;
  for (int i = 0; i < 300000; ++i) pair.source += "%(a{";
  pair.source += ")";
  pair.target = pair.source;
  const auto start = std::chrono::steady_clock::now();
  CHECK(clean_message_pair(pair).empty());
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
  constexpr std::chrono::seconds kEnough(5);
#else
  constexpr std::chrono::seconds kEnough(60);  // quadratic time would be hours here
#endif
  CHECK(std::chrono::steady_clock::now() - start < kEnough);
}

TEST_CASE("messages lose accelerators on both sides or neither, and need the same placeholders and line breaks") {
  const auto cleaned = [](std::string source, std::string target) {
    ParallelPair pair{std::move(source), std::move(target)};
    const std::string reason = clean_message_pair(pair);
    return reason.empty() ? pair.source + "|" + pair.target : reason;
  };
  CHECK(cleaned("E_xit", "_Beenden") == "Exit|Beenden");
  CHECK(cleaned("&File\n", "&Datei\n") == "File|Datei");
  CHECK(cleaned("Set max_size now", "max_size jetzt setzen") == "Set max_size now|max_size jetzt setzen");
  CHECK(cleaned("_Open", "Oeffnen") == "_Open|Oeffnen");
  CHECK(cleaned("a\nb", "x y") == "the line breaks differ");
  CHECK(cleaned("two\nlines", "zwei\nZeilen") == "two lines|zwei Zeilen");
  CHECK(cleaned("%s of %d", "%d von %s") == "%s of %d|%d von %s");
  CHECK(cleaned("%s of %d", "%2$d von %1$s") == "%s of %d|%2$d von %1$s");
  CHECK(cleaned("%s files", "%d Dateien") == "the placeholders differ");
  CHECK(cleaned("%(name)s left", "%(nam)s ging") == "the placeholders differ");
  CHECK(cleaned("{name} left", "Name ging") == "the placeholders differ");
  CHECK(cleaned("100%", "100 %") == "100%|100 %");
  CHECK(cleaned("", "x") == "a side is empty");
  CHECK(cleaned("translator-credits", "Jemand") == "not a message");
}

TEST_CASE("gettext reads the catalogs of a folder and passes over a damaged one with a note") {
  const test::TemporaryDirectory folder;
  folder.file("de/LC_MESSAGES/a.mo", make_mo({{"", kHeader}, {"Open file", "Datei"}, {"same", "same"}, {"Close", "Zu"}}));
  folder.file("de/LC_MESSAGES/b.mo", "broken");
  folder.file("fr/LC_MESSAGES/a.mo", make_mo({{"", kHeader}, {"Open file", "Ouvrir"}, {"Only French", "Seul"}}));
  GettextImportOptions options;
  options.from = folder.path();
  options.output.folder = folder / "out";
  options.output.held_out = 0;
  SECTION("from English") {
    const ImportReport report = import_gettext(options, kQuiet);
    CHECK(report.num_train == 2);
    CHECK(report.dropped.at("both sides are equal") == 1);
    CHECK_THAT(report.text(), ContainsSubstring("b.mo: 6 bytes are too few for a gettext catalog"));
    CHECK(read_lines((folder / "out/train.de").string()) == std::vector<std::string>{"Datei", "Zu"});
  }
  SECTION("to English") {
    options.source_language = "fr";
    options.target_language = "en";
    import_gettext(options, kQuiet);
    CHECK(read_lines((folder / "out/train.fr").string()) == std::vector<std::string>{"Ouvrir", "Seul"});
    CHECK(read_lines((folder / "out/train.en").string()) == std::vector<std::string>{"Open file", "Only French"});
  }
  SECTION("between two others, joined by message") {
    options.source_language = "fr";
    import_gettext(options, kQuiet);
    CHECK(read_lines((folder / "out/train.fr").string()) == std::vector<std::string>{"Ouvrir"});
    CHECK(read_lines((folder / "out/train.de").string()) == std::vector<std::string>{"Datei"});
  }
  SECTION("a language without catalogs") {
    options.target_language = "xx";
    CHECK_THROWS_WITH(import_gettext(options, kQuiet),
                      ContainsSubstring("no gettext catalog of 'xx' in " + (folder / "xx/LC_MESSAGES").string()));
  }
}

}  // namespace attnzoo
