// A prepared corpus: pairs of id sequences in one memory-mapped file. Resident memory does not grow with it.
//
// data/corpus_format.h (and data/README.md) define the bytes: a header with checksums and the digest of the inputs, then all ids as int32,
// then a table of pairs. Pairs keep the order of the input; `line(i)` is the 1-based input line of pair i. Written by data/corpus_writer.h.
//
// Nothing may shorten the file while it is open: reading a mapped page past the end of a file ends the program (SIGBUS). The writers here
// replace a corpus by renaming, which leaves the mapped file intact.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace attnzoo {

class Corpus {
 public:
  // Maps the file and reads it once to compare its checksums, at about 1 GB per second. Throws DataError for a file that is missing, not
  // a regular file, not a corpus, truncated, damaged or of a newer format. Afterwards every span lies inside the file, whoever made it.
  static std::shared_ptr<const Corpus> open(const std::filesystem::path& file);

  virtual ~Corpus() = default;
  virtual int64_t num_pairs() const = 0;
  // Ids without <s> and </s>; the spans stay valid as long as the corpus. `pair` must lie in [0, num_pairs()).
  virtual std::span<const int32_t> source(int64_t pair) const = 0;
  virtual std::span<const int32_t> target(int64_t pair) const = 0;
  virtual int64_t line(int64_t pair) const = 0;
  virtual int64_t num_source_tokens() const = 0;  // of the whole corpus, </s> not counted
  virtual int64_t num_target_tokens() const = 0;
  // Digest of inputs and settings that the file was made from.
  virtual std::string digest() const = 0;

  // The target of a pair is a label: one id, without </s>.
  virtual bool has_labels() const { return false; }

  // The file, for messages.
  virtual std::string name() const { return "corpus"; }
  // Returns the pages read so far to the system, which reloads them on demand; spans stay valid. Whatever reads through a large corpus
  // calls this now and then. Any thread may call it.
  virtual void release_memory() const {}
};

// Calls visit(pair) for every pair in order and gives pages back now and then: resident memory does not grow with the corpus.
void for_each_pair(const Corpus& corpus, const std::function<void(int64_t)>& visit);

struct CorpusVocabulary {
  int64_t source_size = 0, target_size = 0;
  // Unknown words of a source have ids from the size on (data/extended_vocabulary.h).
  bool copies = false;
};
// Throws DataError naming the file and the line for an id that no tokeniser of these sizes gives. Reads the whole corpus.
void check_ids_within(const Corpus& corpus, const CorpusVocabulary& vocabulary);

}  // namespace attnzoo
