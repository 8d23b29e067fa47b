#include "data/importers/debian_descriptions.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "data/error.h"
#include "data/importers/apt_lists.h"
#include "data/importers/packages_index.h"

namespace attnzoo {
namespace {

DescriptionTable description_table(const IndexTexts& texts, const std::string& language) {
  DescriptionTable table;
  for (const std::string& text : texts.at(translation_index(language))) parse_translation_file(text, language, table);
  return table;
}

IndexTexts find_texts(const DebianImportOptions& options, const std::vector<std::string>& names, const ImportLog& log) {
  if (options.from.empty()) return fetch_indexes(names, options.timeout_s, log);
  IndexTexts texts = read_indexes(options.from, names);
  for (const std::string& name : names)
    if (!texts.contains(name))
      fail<DataError>("{}: holds no {} file (plain or .gz, .xz, .bz2, .lz4, .zst); omit --from to fetch it", options.from.string(), name);
  return texts;
}

std::string long_text(const PackageDescription& description) {
  std::string text;
  for (const DescriptionBlock& block : description.blocks) {
    if (!text.empty()) text += ' ';
    text += block.text;
  }
  return text;
}

ImportReport import_translation(const DebianImportOptions& options, const ImportLog& log) {
  const std::string &source_language = options.source_language, &target_language = options.target_language;
  check_language_pair(source_language, target_language);
  ParallelOutput output = options.output;
  output.source_name = source_language;
  output.target_name = target_language;
  check_parallel_output(output);
  const IndexTexts texts = find_texts(options, {translation_index(source_language), translation_index(target_language)}, log);
  const DescriptionTable sources = description_table(texts, source_language), targets = description_table(texts, target_language);

  std::vector<ParallelPair> pairs;
  int64_t num_joined = 0;
  for (const auto& [digest, source] : sources) {
    const auto target = targets.find(digest);
    if (target == targets.end()) continue;
    ++num_joined;
    std::ranges::move(align_descriptions(source, target->second), std::back_inserter(pairs));
  }
  ImportReport report;
  report.origin = fmt::format("Debian package descriptions ({} in {}, {} in {}, {} in both)", sources.size(), source_language,
                              targets.size(), target_language, num_joined);
  return write_parallel(pairs, output, std::move(report));
}

ImportReport import_summarisation(const DebianImportOptions& options, const ImportLog& log) {
  const std::string& language = options.summarise;
  check_language(language, "--summarise");
  ParallelOutput output = options.output;
  output.source_name = "text";
  output.target_name = "title";
  check_parallel_output(output);
  const DescriptionTable table = description_table(find_texts(options, {translation_index(language)}, log), language);
  std::vector<ParallelPair> pairs;
  for (const auto& [digest, description] : table) {
    ParallelPair pair{long_text(description), description.title};
    if (!pair.source.empty()) pairs.push_back(std::move(pair));
  }
  ImportReport report;
  report.task = "summarisation";
  report.origin = fmt::format("Debian package descriptions, long to title ({} in {})", table.size(), language);
  return write_parallel(pairs, output, std::move(report));
}

// Takes the pairs of rare sections out.
void drop_rare_sections(std::vector<ParallelPair>& pairs, int64_t min_texts, ImportReport& report) {
  std::map<std::string, int64_t> num_texts;
  for (const ParallelPair& pair : pairs) ++num_texts[pair.target];
  std::vector<std::string> rare;
  for (const auto& [section, number] : num_texts)
    if (number < min_texts) rare.push_back(section);
  if (!pairs.empty() && rare.size() == num_texts.size())
    fail<DataError>("{}: none of {} sections has {} texts; lower --min-texts", report.origin, rare.size(), min_texts);
  const auto num_dropped = std::erase_if(pairs, [&](const ParallelPair& pair) { return num_texts.at(pair.target) < min_texts; });
  report.notes.push_back(fmt::format("{} sections", num_texts.size() - rare.size()));
  if (!rare.empty())
    report.notes.push_back(fmt::format("{} sections with fewer than {} texts, {} in all, are left out: {}", rare.size(), min_texts,
                                       num_dropped, fmt::join(rare, ", ")));
}

ImportReport import_sections(const DebianImportOptions& options, const ImportLog& log) {
  const std::string& language = options.sections;
  check_language(language, "--sections");
  if (options.min_texts < 1) fail<ConfigError>("--min-texts: {} is out of range; accepted is 1 or more", options.min_texts);
  ParallelOutput output = options.output;
  output.source_name = "text";
  output.target_name = "section";
  check_parallel_output(output);
  const IndexTexts texts = find_texts(options, {kPackagesIndex, translation_index(language)}, log);
  const DescriptionTable table = description_table(texts, language);
  PackagesIndex index;
  for (const std::string& text : texts.at(kPackagesIndex)) parse_packages_index(text, index);

  std::vector<ParallelPair> pairs;
  int64_t num_ambiguous = 0, num_without_text = 0;
  for (const auto& [digest, section] : index.sections) {
    const auto found = table.find(digest);
    if (section.empty())
      ++num_ambiguous;
    else if (found == table.end())
      ++num_without_text;
    else
      pairs.push_back({found->second.title + " " + long_text(found->second), section});
  }
  ImportReport report;
  report.task = "classification";
  report.origin = fmt::format("Debian package descriptions and their sections ({} in the index, {} in {}, {} labelled)",
                              index.sections.size(), table.size(), language, pairs.size());
  const auto note = [&](int64_t number, const std::string& what) {
    if (number > 0) report.notes.push_back(fmt::format("{} {}", number, what));
  };
  note(index.num_incomplete, "packages without a section or a Description-md5 are left out");
  note(num_without_text, fmt::format("descriptions without a text in Translation-{} are left out", language));
  note(num_ambiguous, "descriptions that packages of different sections share are left out");
  drop_rare_sections(pairs, options.min_texts, report);
  return write_parallel(pairs, output, std::move(report));
}

}  // namespace

std::vector<ParallelPair> align_descriptions(const PackageDescription& source, const PackageDescription& target) {
  std::vector<ParallelPair> pairs = {{source.title, target.title}};
  const auto same_kind = [](const DescriptionBlock& left, const DescriptionBlock& right) { return left.is_item == right.is_item; };
  const bool same_shape = std::ranges::equal(source.blocks, target.blocks, same_kind);
  const auto is_paragraph = [](const DescriptionBlock& block) { return !block.is_item; };
  if (!same_shape && std::ranges::count_if(source.blocks, is_paragraph) != std::ranges::count_if(target.blocks, is_paragraph)) return pairs;

  auto other = target.blocks.begin();
  for (const DescriptionBlock& block : source.blocks) {
    if (!same_shape) {
      if (block.is_item) continue;
      other = std::find_if(other, target.blocks.end(), is_paragraph);
    }
    if (!block.text.starts_with(kUntranslatedMark) && !other->text.starts_with(kUntranslatedMark))
      pairs.push_back({block.text, other->text});
    ++other;
  }
  return pairs;
}

ImportReport import_debian_descriptions(const DebianImportOptions& options, const ImportLog& log) {
  if (!options.sections.empty()) return import_sections(options, log);
  return options.summarise.empty() ? import_translation(options, log) : import_summarisation(options, log);
}

}  // namespace attnzoo
