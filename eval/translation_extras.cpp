#include "eval/translation_extras.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "data/command_line.h"
#include "data/error.h"
#include "data/extended_vocabulary.h"
#include "data/file_list.h"
#include "data/page.h"
#include "data/special_tokens.h"
#include "eval/alignment.h"
#include "eval/attention_svg.h"
#include "eval/explanation.h"
#include "eval/forced_pass.h"
#include "eval/translation_format.h"
#include "eval/workers.h"

namespace attnzoo {

namespace pages {
extern const std::string_view kExplanation;
}

namespace {

namespace fs = std::filesystem;

std::string picture_name(size_t number) { return fmt::format("line-{}.svg", number); }

bool is_picture(const std::string& name) {
  return name.starts_with("line-") && name.ends_with(".svg") && name.size() > 9 &&
         name.find_first_not_of("0123456789", 5) == name.size() - 4;
}

// The pictures of an earlier call, which a new one replaces: as they were written, so that one that somebody worked on is not lost.
std::vector<std::string> pictures_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (auto& name : names_in(folder)) {
    std::error_code ignored;
    if (is_picture(name) && fs::is_regular_file(fs::symlink_status(folder / name, ignored)) &&
        is_attention_svg(read_file(folder / name, kMaxFileBytes, Links::kRefuse)))
      names.push_back(std::move(name));
  }
  return names;
}

// The ids of the best hypothesis, one per row of its attention.
std::vector<int32_t> attending_ids(const Hypothesis& best) {
  auto ids = best.ids;
  if (best.attention_TS.defined() && best.attention_TS.size(0) > static_cast<int64_t>(ids.size())) ids.push_back(kEosId);
  return ids;
}

}  // namespace

void show_view(const InferenceModel& model, std::span<Translation> translations, const AttentionView& view,
               const TranslateOptions& options) {
  if (view.is_default()) return;
  run_on_workers(options.device.is_cpu() ? options.num_threads : 1, translations.size(), [&](size_t i) {
    auto& translation = translations[i];
    auto& best = translation.hypotheses.front();
    const auto ids = attending_ids(best);
    if (translation.attended_ids.empty() || ids.empty()) return;
    best.attention_TS = select_view(force(model, translation.attended_ids, ids, options.device), view);
  });
}

TranslationExtras::TranslationExtras(const ExtraOptions& options, LoadedModel& loaded, const std::string& run)
    : options_(options), loaded_(loaded), run_(run) {
  if (!loaded.model->reads_source() && (!options.svg_folder.empty() || !options.alignments.empty()))
    throw UsageError("--alignments and --attention-svg show attention to a source, which a language model does not have; use --explain");
  if (loaded.model->says_label() && !options.alignments.empty())
    throw UsageError("--alignments links words of a translation, and a classifier writes a label; use --attention-svg or --explain");
  if (!options.svg_folder.empty())
    pictures_ = std::make_unique<AtomicDirectory>(options.svg_folder, Replaceable{pictures_in}, Parents::kNeeded);
  if (!options.alignments.empty()) alignments_ = std::make_unique<AtomicFile>(options.alignments);
  // A page that cannot be written should be known before the work.
  if (!options.explain.empty()) AtomicFile(options.explain);
}

void TranslationExtras::expect(size_t count) {
  if (!options_.explain.empty() && num_lines_ + count > kMaxExplainedLines)
    fail<DataError>("--explain: the text has more than {} lines, too many for one page; give fewer (head -n {})", kMaxExplainedLines,
                    kMaxExplainedLines);
}

void TranslationExtras::add_alignment(const std::string& line, const Translation& translation) {
  const auto& best = translation.hypotheses.front();
  std::optional<ExtendedSource> words;
  if (loaded_.model->copies()) words.emplace(*loaded_.tokenizers.source, line);
  const auto decoder = [&](const Tokenizer& tokenizer) {
    return [&](std::span<const int32_t> ids) { return words ? words->decode(ids) : tokenizer.decode(ids); };
  };
  alignments_->write(pharaoh_links(best.attention_TS, word_of_tokens(attending_ids(best), decoder(*loaded_.tokenizers.target)),
                                   word_of_tokens(translation.attended_ids, decoder(*loaded_.tokenizers.source))) +
                     "\n");
}

void TranslationExtras::add_picture(const std::string& line, const Translation& translation, size_t number) {
  const auto& best = translation.hypotheses.front();
  if (!best.attention_TS.defined() || best.attention_TS.numel() == 0) return;
  const auto columns = token_texts(*loaded_.tokenizers.source, translation.attended_ids, line);
  const auto rows = token_texts(*loaded_.tokenizers.target, attending_ids(best), line);
  write_file(pictures_->path() / picture_name(number), attention_svg(best.attention_TS, rows, columns), Links::kRefuse);
}

void TranslationExtras::add(std::span<const std::string> lines, std::vector<Translation> translations, const TranslateOptions& options) {
  for (size_t i = 0; i < lines.size(); ++i) {
    ++num_lines_;
    if (alignments_) add_alignment(lines[i], translations[i]);
    if (pictures_) add_picture(lines[i], translations[i], num_lines_);
  }
  if (options_.explain.empty()) return;
  lines_.insert(lines_.end(), lines.begin(), lines.end());
  translations_.insert(translations_.end(), std::make_move_iterator(translations.begin()), std::make_move_iterator(translations.end()));
  translate_options_ = options;
}

void TranslationExtras::commit() {
  if (!options_.explain.empty()) {
    const auto document = explanation(loaded_, lines_, translations_, translate_options_, run_);
    write_file(options_.explain,
               page_or_json(options_.explain, pages::kExplanation, fmt::format("{}: what it attended to", run_), document));
  }
  if (alignments_) alignments_->commit();
  if (pictures_) pictures_->commit();
}

std::string TranslationExtras::names(const ExtraOptions& options) {
  std::string names;
  for (const auto* path : {&options.explain, &options.svg_folder, &options.alignments})
    if (!path->empty()) names += (names.empty() ? "" : ", ") + path->string();
  return names;
}

}  // namespace attnzoo
