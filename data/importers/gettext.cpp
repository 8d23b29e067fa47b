#include "data/importers/gettext.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <system_error>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNotes = 10;

bool is_word(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) || static_cast<unsigned char>(character) >= 0x80;
}

// What both sides must share: printf conversions (without "2$", which only gives the order), %(name)s, {name}, ${name}.
std::multiset<std::string> placeholders(std::string_view text) {
  std::multiset<std::string> found;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '{') {
      const size_t end = text.find_first_of("{}", at + 1);
      if (end == text.npos || text[end] != '}') continue;
      found.emplace(text.substr(at, end + 1 - at));
      at = end;
    } else if (text[at] == '%' && at + 1 < text.size()) {
      size_t end = at + 1;
      if (text[end] == '(') {
        constexpr size_t kLongestName = 100;
        const size_t length = text.substr(end, kLongestName).find(')');
        if (length == text.npos) continue;
        end += length + 1;
      }
      const size_t digits = std::min(text.find_first_not_of("0123456789", end), text.size());
      if (digits < text.size() && text[digits] == '$') end = digits + 1;
      const std::string name(text.substr(at + 1, text[at + 1] == '(' ? end - at - 1 : 0));
      const size_t letter = text.find_first_not_of("0123456789.*-+#hlzjtLI'", end);
      if (letter >= text.size() || !(std::isalpha(static_cast<unsigned char>(text[letter])) || text[letter] == '%')) continue;
      found.insert("%" + name + text[letter]);
      at = letter;
    }
  }
  return found;
}

// The place of the only `mark` if a letter or digit follows it, or npos.
size_t only_accelerator(std::string_view text, char mark) {
  const size_t at = text.find(mark);
  if (at == text.npos || text.find(mark, at + 1) != text.npos) return text.npos;
  return at + 1 < text.size() && is_word(text[at + 1]) ? at : text.npos;
}

std::string_view word_around(std::string_view text, size_t at) {
  size_t begin = at, end = at + 1;
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  while (end < text.size() && is_word(text[end])) ++end;
  return text.substr(begin, end - begin);
}

void strip_accelerator(ParallelPair& pair, char mark) {
  const size_t source = only_accelerator(pair.source, mark), target = only_accelerator(pair.target, mark);
  if (source == std::string::npos || target == std::string::npos) return;
  // The same word with the mark inside it on both sides is a name: "max_size".
  const bool inside = source > 0 && is_word(pair.source[source - 1]);
  if (inside && word_around(pair.source, source) == word_around(pair.target, target)) return;
  pair.source.erase(source, 1);
  pair.target.erase(target, 1);
}

void take_off_line_ends(std::string& text) {
  while (text.ends_with('\n')) text.pop_back();
  text.erase(0, text.find_first_not_of('\n'));
}

std::vector<fs::path> locale_roots(const fs::path& from) {
  if (!from.empty()) return {from};
  return {"/usr/share/locale", "/usr/share/locale-langpack"};
}

// "git.mo" -> file, over all roots; the first root that has a catalog wins.
std::map<std::string, fs::path> find_catalogs(const std::vector<fs::path>& roots, const std::string& language) {
  std::map<std::string, fs::path> catalogs;
  for (const fs::path& root : roots) {
    std::error_code error;
    for (fs::directory_iterator entry(root / language / "LC_MESSAGES", error), end; !error && entry != end; entry.increment(error))
      if (entry->path().extension() == ".mo") catalogs.try_emplace(entry->path().filename().string(), entry->path());
  }
  if (!catalogs.empty()) return catalogs;
  std::vector<std::string> places;
  for (const fs::path& root : roots) places.push_back((root / language / "LC_MESSAGES").string());
  fail<DataError>(
      "no gettext catalog of '{}' in {}; some systems are installed without translations: pass --from DIR with DIR/{}/LC_MESSAGES/*.mo",
      language, fmt::join(places, " or "), language);
}

// The messages of a catalog; none, and a note, for a damaged one.
std::vector<CatalogMessage> read_catalog(const fs::path& file, std::vector<std::string>& notes, int64_t& num_damaged) {
  try {
    return parse_mo(read_file(file), file.string());
  } catch (const DataError& error) {
    if (notes.size() < kMaxNotes) notes.emplace_back(std::string("skipped: ") + error.what());
    ++num_damaged;
    return {};
  }
}

// Against English the message id itself is one side; between two other languages the id joins their catalogs.
class CatalogPairs {
 public:
  explicit CatalogPairs(const GettextImportOptions& options) : options_(options) {}

  void add_catalog(const fs::path& file) {
    const bool to_english = options_.target_language == "en";
    for (CatalogMessage& message : read_catalog(file, notes, num_damaged))
      add(to_english ? ParallelPair{message.text, message.id} : ParallelPair{message.id, message.text});
  }

  void add_joined(const fs::path& source_file, const fs::path& target_file) {
    std::map<std::pair<std::string, std::string>, std::string> targets;
    for (CatalogMessage& message : read_catalog(target_file, notes, num_damaged)) targets[{message.context, message.id}] = message.text;
    if (targets.empty()) return;
    for (CatalogMessage& message : read_catalog(source_file, notes, num_damaged))
      if (const auto target = targets.find({message.context, message.id}); target != targets.end()) add({message.text, target->second});
  }

  std::vector<ParallelPair> pairs;
  std::map<std::string, int64_t> dropped;
  std::vector<std::string> notes;
  int64_t num_damaged = 0;

 private:
  void add(ParallelPair pair) {
    const std::string reason = clean_message_pair(pair);
    if (reason.empty())
      pairs.push_back(std::move(pair));
    else
      ++dropped[reason];
  }
  const GettextImportOptions& options_;
};

}  // namespace

std::string clean_message_pair(ParallelPair& pair) {
  if (pair.source.empty() || pair.target.empty()) return "a side is empty";
  for (const std::string* side : {&pair.source, &pair.target})
    if (side->starts_with("translator-credits") || side->find('\0') != std::string::npos) return "not a message";
  take_off_line_ends(pair.source);
  take_off_line_ends(pair.target);
  if (std::ranges::count(pair.source, '\n') != std::ranges::count(pair.target, '\n')) return "the line breaks differ";
  if (placeholders(pair.source) != placeholders(pair.target)) return "the placeholders differ";
  strip_accelerator(pair, '_');
  strip_accelerator(pair, '&');
  pair.source = squeeze_spaces(pair.source);
  pair.target = squeeze_spaces(pair.target);
  return "";
}

ImportReport import_gettext(const GettextImportOptions& options, const ImportLog& log) {
  const std::string &source_language = options.source_language, &target_language = options.target_language;
  check_language_pair(source_language, target_language);
  ParallelOutput output = options.output;
  output.source_name = source_language;
  output.target_name = target_language;
  check_parallel_output(output);
  const std::vector<fs::path> roots = locale_roots(options.from);
  const bool with_english = source_language == "en" || target_language == "en";
  const auto catalogs = find_catalogs(roots, source_language == "en" ? target_language : source_language);
  log(fmt::format("reading {} gettext catalogs", catalogs.size()));

  CatalogPairs found(options);
  size_t num_used = 0;
  if (with_english) {
    for (const auto& [name, file] : catalogs) found.add_catalog(file);
    num_used = catalogs.size();
  } else {
    const auto targets = find_catalogs(roots, target_language);
    for (const auto& [name, file] : catalogs) {
      if (!targets.contains(name)) continue;
      found.add_joined(file, targets.at(name));
      ++num_used;
    }
  }

  ImportReport report;
  report.origin = fmt::format("gettext catalogs ({} of {} and {})", num_used, source_language, target_language);
  for (const auto& [reason, number] : found.dropped) report.num_found += number;
  report.dropped = std::move(found.dropped);
  report.notes = std::move(found.notes);
  if (found.num_damaged > static_cast<int64_t>(report.notes.size()))
    report.notes.push_back(fmt::format("{} catalogs were skipped in total", found.num_damaged));
  return write_parallel(found.pairs, output, std::move(report));
}

}  // namespace attnzoo
