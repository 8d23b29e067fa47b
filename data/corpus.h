// A prepared corpus: pairs of id sequences in one memory-mapped file. Resident memory does not grow with it.
//
// File (little-endian), documented in data/README.md: header (magic "ATZCORP1", format number, settings digest, number of
// pairs, offsets of the parts, CRC-32 per part), then a table of pairs, then all ids as int32. Pairs keep the order
// of the input; `line(i)` is the 1-based line of the input that pair i came from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace attnzoo {

class Corpus {
 public:
  // Maps the file. Throws DataError for a file that is missing, truncated, damaged or of another format.
  static std::shared_ptr<const Corpus> open(const std::filesystem::path& file);

  virtual ~Corpus() = default;
  virtual int64_t num_pairs() const = 0;
  // Ids without <s> and </s>; the spans stay valid as long as the corpus.
  virtual std::span<const int32_t> source(int64_t pair) const = 0;
  virtual std::span<const int32_t> target(int64_t pair) const = 0;
  virtual int64_t line(int64_t pair) const = 0;
  virtual int64_t num_source_tokens() const = 0;  // of the whole corpus, </s> not counted
  virtual int64_t num_target_tokens() const = 0;
  // Digest of inputs and settings that the file was made from.
  virtual std::string digest() const = 0;
};

}  // namespace attnzoo
