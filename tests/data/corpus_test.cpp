#include "data/corpus.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <numeric>

#include "data/corpus_format.h"
#include "data/corpus_writer.h"
#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using attnzoo::test::TemporaryDirectory;

namespace {

using Ids = std::vector<int32_t>;

Ids copied(std::span<const int32_t> ids) { return {ids.begin(), ids.end()}; }

// Three pairs, one side of them empty, an odd number of ids in all.
void write_small(const std::filesystem::path& file) {
  CorpusWriter writer(file, "0123456789abcdef");
  writer.add(Ids{4, 5, 6}, Ids{7, 8}, 1);
  writer.add(Ids{}, Ids{9}, 3);
  writer.add(Ids{10, 1, 11}, Ids{12, 13}, 4000000000);
  writer.commit();
}

std::string open_message(const std::filesystem::path& file) {
  try {
    Corpus::open(file);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

void poke(const std::filesystem::path& file, size_t offset, char change) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(stream.get() ^ change);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(byte);
}

// A folder that holds 64 KiB at most, where the user may mount.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& folder)
      : folder_(folder), mounted_(::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path folder_;
  bool mounted_;
};

// Resident memory of this process, in bytes.
size_t resident_bytes() {
  std::ifstream stream("/proc/self/statm");
  size_t total = 0, resident = 0;
  stream >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("a corpus gives back the pairs that were written, in order, with their lines") {
  const TemporaryDirectory folder;
  write_small(folder / "train.corpus");
  const auto corpus = Corpus::open(folder / "train.corpus");
  REQUIRE(corpus->num_pairs() == 3);
  CHECK(copied(corpus->source(0)) == Ids{4, 5, 6});
  CHECK(copied(corpus->target(0)) == Ids{7, 8});
  CHECK(corpus->source(1).empty());
  CHECK(copied(corpus->target(1)) == Ids{9});
  CHECK(copied(corpus->source(2)) == Ids{10, 1, 11});
  CHECK(copied(corpus->target(2)) == Ids{12, 13});
  CHECK(corpus->line(0) == 1);
  CHECK(corpus->line(1) == 3);
  CHECK(corpus->line(2) == 4000000000);
  CHECK(corpus->num_source_tokens() == 6);
  CHECK(corpus->num_target_tokens() == 5);
  CHECK(corpus->digest() == "0123456789abcdef");
  CHECK(corpus->name() == (folder / "train.corpus").string());
}

TEST_CASE("a corpus of no pairs and one of no ids can be written and read") {
  const TemporaryDirectory folder;
  {
    CorpusWriter writer(folder / "none", "");
    writer.commit();
  }
  CHECK(Corpus::open(folder / "none")->num_pairs() == 0);
  CHECK(Corpus::open(folder / "none")->digest().empty());
  {
    CorpusWriter writer(folder / "empty-sides", std::string(128, 'd'));
    writer.add(Ids{}, Ids{}, 1);
    writer.commit();
  }
  CHECK(Corpus::open(folder / "empty-sides")->num_pairs() == 1);
  CHECK(Corpus::open(folder / "empty-sides")->source(0).empty());
  CHECK(Corpus::open(folder / "empty-sides")->digest() == std::string(128, 'd'));
}

TEST_CASE("the same pairs make the same bytes") {
  const TemporaryDirectory folder;
  write_small(folder / "a");
  write_small(folder / "b");
  CHECK(read_file(folder / "a") == read_file(folder / "b"));
}

TEST_CASE("nothing stands under the name of a corpus before it is complete, and nothing is left beside it") {
  const TemporaryDirectory folder;
  const auto entries = [&] { return std::distance(std::filesystem::directory_iterator(folder.path()), {}); };
  {
    CorpusWriter writer(folder / "train.corpus", "d");
    writer.add(Ids{4}, Ids{5}, 1);
    CHECK(!std::filesystem::exists(folder / "train.corpus"));
  }
  CHECK(entries() == 0);
  write_small(folder / "train.corpus");
  CHECK(entries() == 1);
  // An old corpus stays readable while and after a new one takes its place.
  const auto old = Corpus::open(folder / "train.corpus");
  CorpusWriter writer(folder / "train.corpus", "new");
  writer.commit();
  CHECK(copied(old->source(0)) == Ids{4, 5, 6});
  CHECK(Corpus::open(folder / "train.corpus")->digest() == "new");
}

TEST_CASE("a file that is not a corpus is refused with what it is") {
  const TemporaryDirectory folder;
  const auto missing = (folder / "missing").string();
  CHECK(open_message(missing) == missing + ": no such file");
  CHECK(open_message(folder.path()) == folder.path().string() + ": is a directory; a file is needed");
  CHECK(open_message("/dev/null") == "/dev/null: is not a regular file; a prepared corpus is needed");
  const auto empty = folder.file("empty", "");
  CHECK(open_message(empty) == empty + ": is empty; a prepared corpus is needed: prepare it again");
  for (const char* content : {"x", "A man in a blue shirt.\n"}) {
    const auto text = folder.file("text", content);
    CHECK(open_message(text) == text + ": is not a prepared corpus (it does not begin with ATZCORP1); make one with attnzoo-data prepare");
  }
}

TEST_CASE("a corpus cut short anywhere is refused with both sizes") {
  const TemporaryDirectory folder;
  write_small(folder / "good");
  const std::string good = read_file(folder / "good");
  for (const size_t size : {size_t{8}, size_t{100}, size_t{255}}) {
    const auto cut = folder.file("cut", good.substr(0, size));
    CHECK(open_message(cut) == fmt::format("{}: truncated: {} bytes, the header alone has 256; prepare it again", cut, size));
  }
  for (const size_t size : {size_t{256}, size_t{300}, good.size() - 1}) {
    const auto cut = folder.file("cut", good.substr(0, size));
    CHECK(open_message(cut) == fmt::format("{}: truncated: {} bytes, its header says {}; prepare it again", cut, size, good.size()));
  }
  const auto longer = folder.file("longer", good + "x");
  CHECK(open_message(longer) ==
        fmt::format("{}: damaged: {} bytes, its header says {}; prepare it again", longer, good.size() + 1, good.size()));
}

TEST_CASE("a flipped bit is found wherever it is") {
  const TemporaryDirectory folder;
  const auto file = folder / "train.corpus";
  write_small(file);
  const std::string good = read_file(file);
  for (size_t offset = 0; offset < good.size(); ++offset) {
    CAPTURE(offset);
    poke(file, offset, 0x10);
    const std::string message = open_message(file);
    poke(file, offset, 0x10);
    CHECK_THAT(message, ContainsSubstring(file.string() + ": "));
    if (offset >= 16 && offset < 256)
      CHECK_THAT(message, ContainsSubstring("damaged: the header does not match its checksum; prepare it again"));
    if (offset >= 256 && offset < 256 + 48) CHECK_THAT(message, ContainsSubstring("damaged: the checksum of the ids is "));
    if (offset >= 256 + 48) CHECK_THAT(message, ContainsSubstring("damaged: the checksum of the table of pairs is "));
  }
  CHECK(open_message(file).empty());
}

TEST_CASE("a corpus of a newer format says which") {
  const TemporaryDirectory folder;
  const auto file = folder / "train.corpus";
  write_small(file);
  poke(file, offsetof(CorpusHeader, format), 3);  // 1 ^ 3 is 2
  CHECK(open_message(file) ==
        file.string() + ": has format 2; this program reads formats up to 1: prepare it again or use a newer attnzoo");
}

TEST_CASE("a table that does not fit the ids is refused even with right checksums") {
  const TemporaryDirectory folder;
  write_small(folder / "good");
  std::string bytes = read_file(folder / "good");
  CorpusHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto with_entry = [&](CorpusEntry change) {
    std::string changed = bytes;
    std::memcpy(changed.data() + header.table_offset, &change, sizeof change);
    CorpusHeader fresh = header;
    fresh.table_crc = crc32_of(changed.data() + header.table_offset, changed.size() - header.table_offset);
    fresh.header_crc = crc32_of(&fresh, offsetof(CorpusHeader, header_crc));
    std::memcpy(changed.data(), &fresh, sizeof fresh);
    return open_message(folder.file("changed", changed));
  };
  CHECK(with_entry({0, 3, 2, 1}).empty());
  CHECK_THAT(with_entry({7, 3, 2, 1}), ContainsSubstring("damaged: pair 0 begins at id 7, not 0; prepare it again"));
  CHECK_THAT(with_entry({0, 2, 3, 1}), ContainsSubstring("damaged: the table counts 5 and 6 ids, the header 6 and 5; prepare it again"));
  CHECK_THAT(with_entry({0, 3, 4000000000, 1}), ContainsSubstring("damaged: pair 1 begins at id 5, not 4000000003; prepare it again"));
}

TEST_CASE("a header whose numbers overflow is refused even with right checksums") {
  const TemporaryDirectory folder;
  write_small(folder / "good");
  const std::string bytes = read_file(folder / "good");
  const auto message_with = [&](const auto& change) {
    CorpusHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    change(header);
    header.header_crc = crc32_of(&header, offsetof(CorpusHeader, header_crc));
    std::string changed = bytes;
    std::memcpy(changed.data(), &header, sizeof header);
    return open_message(folder.file("changed", changed));
  };
  const std::string refused = (folder / "changed").string() + ": damaged: the sizes in the header contradict each other; prepare it again";
  CHECK(message_with([](CorpusHeader&) {}).empty());
  // 24 * 2^61 and 4 * 2^62 are 0 in 64 bits.
  CHECK(message_with([](CorpusHeader& header) { header.num_pairs += uint64_t{1} << 61; }) == refused);
  CHECK(message_with([](CorpusHeader& header) { header.num_source_ids += uint64_t{1} << 62; }) == refused);
  CHECK(message_with([](CorpusHeader& header) {
          header.num_source_ids += uint64_t{1} << 63;
          header.num_target_ids += uint64_t{1} << 63;
        }) == refused);
  CHECK(message_with([](CorpusHeader& header) { header.table_offset += uint64_t{24} << 56; }) == refused);
  CHECK(message_with([](CorpusHeader& header) { header.table_offset = ~uint64_t{7}; }) == refused);
  CHECK(message_with([](CorpusHeader& header) { header.flags = 6; }) == refused);
}

TEST_CASE("ids past the vocabulary are refused with the file, the line and both numbers") {
  const TemporaryDirectory folder;
  write_small(folder / "train.corpus");
  const auto corpus = Corpus::open(folder / "train.corpus");
  const auto problem = [&](const CorpusVocabulary& vocabulary) {
    try {
      check_ids_within(*corpus, vocabulary);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(problem({14, 14, false}).empty());
  CHECK(problem({12, 14, false}).empty());
  CHECK(problem({11, 14, false}) ==
        corpus->name() + ": the pair of line 4000000000 has id 11 in its source, whose vocabulary has 11 pieces; prepare it again");
  CHECK(problem({14, 9, false}) ==
        corpus->name() + ": the pair of line 3 has id 9 in its target, whose vocabulary has 9 pieces; prepare it again");
  // A pointer-generator's source of three tokens may name three words past the vocabulary.
  CHECK(problem({11, 11, true}).empty());
  CHECK_THAT(problem({8, 9, true}), ContainsSubstring("has id 9 in its target"));
  {
    CorpusWriter writer(folder / "negative", "");
    writer.add(Ids{4}, Ids{-1}, 1);
    writer.commit();
  }
  CHECK_THROWS_WITH(check_ids_within(*Corpus::open(folder / "negative"), {14, 14, false}), ContainsSubstring("has id -1 in its target"));
}

TEST_CASE("a corpus that cannot be written says where and why") {
  const TemporaryDirectory folder;
  const auto lost = folder / "no-folder/train.corpus";
  CHECK_THROWS_WITH(CorpusWriter(lost, ""),
                    Equals(lost.string() + ": cannot be written: the folder " + (folder / "no-folder").string() + " does not exist"));
  CHECK_THROWS_WITH(CorpusWriter(folder / "x", std::string(129, 'd')),
                    ContainsSubstring("a digest of 129 bytes does not fit; at most 128"));
}

TEST_CASE("a full disk is reported and leaves nothing behind") {
  const TemporaryDirectory folder;
  const SmallDisk disk(folder.path());
  if (!disk.mounted()) {
    WARN("skipped: mounting a small tmpfs needs root");
    return;
  }
  std::string message;
  try {
    CorpusWriter writer(folder / "train.corpus", "d");
    for (int64_t line = 1; line < 5000; ++line) writer.add(Ids(20, 5), Ids(20, 6), line);
    writer.commit();
  } catch (const DataError& error) {
    message = error.what();
  }
  CHECK_THAT(message, ContainsSubstring("cannot be written: No space left on device; free some space there or choose another place"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("opening a corpus and reading through it does not make it resident") {
  const TemporaryDirectory folder;
  const auto file = folder / "large.corpus";
  constexpr int64_t kPairs = 200000;
  {
    CorpusWriter writer(file, "d");
    Ids ids(60);
    for (int64_t pair = 0; pair < kPairs; ++pair) {
      std::iota(ids.begin(), ids.end(), static_cast<int32_t>(4 + pair));
      writer.add(ids, ids, pair + 1);
    }
    writer.commit();
  }
  const size_t file_bytes = std::filesystem::file_size(file);
  REQUIRE(file_bytes > 95 * 1000 * 1000);
  const size_t before = resident_bytes();
  const auto corpus = Corpus::open(file);
  const size_t opened = resident_bytes();
  int64_t sum = 0;
  size_t most = 0;
  for (int64_t pair = 0; pair < kPairs; ++pair) {
    sum += corpus->source(pair)[0];
    if (pair % 10000 == 0) {
      most = std::max(most, resident_bytes());
      corpus->release_memory();
    }
  }
  CHECK(sum == kPairs * (kPairs - 1) / 2 + 4 * kPairs);
  CHECK(opened < before + file_bytes / 4);
  CHECK(most < before + file_bytes / 4);
}
