#include "data/importers/debian_descriptions.h"

#include <algorithm>

#include "data/error.h"
#include "data/importers/apt_lists.h"

namespace attnzoo {
namespace {

DescriptionTable description_table(const TranslationTexts& texts, const std::string& language) {
  DescriptionTable table;
  if (const auto found = texts.find(language); found != texts.end())
    for (const std::string& text : found->second) parse_translation_file(text, language, table);
  return table;
}

TranslationTexts find_texts(const DebianImportOptions& options, const std::vector<std::string>& languages, const ImportLog& log) {
  if (options.from.empty()) return fetch_translations(languages, options.timeout_s, log);
  TranslationTexts texts = read_translations(options.from, languages);
  for (const std::string& language : languages)
    if (!texts.contains(language))
      fail<DataError>("{}: holds no Translation-{} file (plain or .gz, .xz, .bz2, .lz4, .zst); leave --from out to fetch it",
                      options.from.string(), language);
  return texts;
}

ImportReport import_translation(const DebianImportOptions& options, const ImportLog& log) {
  const std::string &source_language = options.source_language, &target_language = options.target_language;
  check_language_pair(source_language, target_language);
  const TranslationTexts texts = find_texts(options, {source_language, target_language}, log);
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
  ParallelOutput output = options.output;
  output.source_name = source_language;
  output.target_name = target_language;
  return write_parallel(pairs, output, std::move(report));
}

ImportReport import_summarisation(const DebianImportOptions& options, const ImportLog& log) {
  const std::string& language = options.summarise;
  check_language(language, "--summarise");
  const DescriptionTable table = description_table(find_texts(options, {language}, log), language);
  std::vector<ParallelPair> pairs;
  for (const auto& [digest, description] : table) {
    ParallelPair pair{"", description.title};
    for (const DescriptionBlock& block : description.blocks) {
      if (!pair.source.empty()) pair.source += ' ';
      pair.source += block.text;
    }
    if (!pair.source.empty()) pairs.push_back(std::move(pair));
  }
  ImportReport report;
  report.origin = fmt::format("Debian package descriptions, long to title ({} in {})", table.size(), language);
  ParallelOutput output = options.output;
  output.source_name = "text";
  output.target_name = "title";
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
  return options.summarise.empty() ? import_translation(options, log) : import_summarisation(options, log);
}

}  // namespace attnzoo
