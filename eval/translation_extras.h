// What attnzoo-translate writes beside the translations: a page that explains them, heat maps, alignments of words.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/atomic_directory.h"
#include "data/files.h"
#include "eval/attention_view.h"
#include "eval/translator.h"
#include "models/checkpoint.h"

namespace attnzoo {

struct ExtraOptions {
  std::filesystem::path explain;     // a page; "" for none, as below
  std::filesystem::path svg_folder;  // a folder for line-1.svg, line-2.svg, ..: made, or replaced if it holds nothing else
  std::filesystem::path alignments;  // one line of Pharaoh links per line of text
  AttentionView view;                // for all of them, and for attention in JSON

  bool any() const { return !explain.empty() || !svg_folder.empty() || !alignments.empty(); }
};

// Sets the attention of each best hypothesis to the view. Does nothing for the default one. Throws ConfigError where the model lacks it.
void show_view(const InferenceModel& model, std::span<Translation> translations, const AttentionView& view,
               const TranslateOptions& options);

class TranslationExtras {
 public:
  // Throws UsageError for a model without a source where one is needed; ConfigError for a folder of pictures that holds other things;
  // DataError for a place where nothing can be written.
  TranslationExtras(const ExtraOptions& options, LoadedModel& loaded, const std::string& run);
  // Call before translating `count` lines more. Throws DataError where a page would hold too many.
  void expect(size_t count);
  // Translations with attention, and with a trace if there is a page.
  void add(std::span<const std::string> lines, std::vector<Translation> translations, const TranslateOptions& options);
  // Puts every file under its name.
  void commit();
  // What commit() would have written, for a message: "out.html, links.txt"; "" for nothing.
  static std::string names(const ExtraOptions& options);

 private:
  void add_alignment(const std::string& line, const Translation& translation);
  void add_picture(const std::string& line, const Translation& translation, size_t number);

  const ExtraOptions& options_;
  LoadedModel& loaded_;
  const std::string run_;
  size_t num_lines_ = 0;
  std::unique_ptr<AtomicFile> alignments_;
  std::unique_ptr<AtomicDirectory> pictures_;
  // For the page, which is made when all lines are there.
  std::vector<std::string> lines_;
  std::vector<Translation> translations_;
  TranslateOptions translate_options_;
};

}  // namespace attnzoo
