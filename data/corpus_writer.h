// Writes a prepared corpus (data/corpus.h) pair by pair; nothing stands under the final name before commit().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace attnzoo {

class CorpusWriter {
 public:
  // `digest` of inputs and settings is kept in the header; `labels` is what Corpus::has_labels() returns. Throws DataError: disk full, no
  // permission, a symbolic link.
  CorpusWriter(const std::filesystem::path& file, const std::string& digest, bool labels = false);
  ~CorpusWriter();
  // Ids without <s> and </s>; `line` is the 1-based line of the input.
  void add(std::span<const int32_t> source, std::span<const int32_t> target, int64_t line);
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace attnzoo
