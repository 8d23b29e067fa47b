// The bytes of a prepared corpus file, shared by its writer and its reader. Little-endian; documented in data/README.md:
//
//   header   256 bytes: CorpusHeader
//   ids      int32 each, all pairs in a row: source ids, target ids of pair 0, then of pair 1, ...
//   table    24 bytes per pair: CorpusEntry, in the same order (8-byte aligned; up to 4 zero bytes before it)
//
// The table comes last because a streaming writer knows it only at the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace attnzoo {

static_assert(std::endian::native == std::endian::little, "prepared corpora are little-endian");

inline constexpr char kCorpusMagic[] = "ATZCORP1";  // 8 bytes in the file, without the final zero
inline constexpr uint32_t kCorpusFormat = 1;
inline constexpr size_t kCorpusDigestBytes = 128;
inline constexpr uint32_t kCorpusLabels = 1;  // Corpus::has_labels()

struct CorpusHeader {
  char magic[8];
  uint32_t format;
  uint32_t header_bytes;  // 256: where the ids begin
  uint64_t file_bytes;
  uint64_t num_pairs;
  uint64_t num_source_ids;
  uint64_t num_target_ids;
  uint64_t table_offset;  // bytes from the start of the file
  uint32_t ids_crc;       // CRC-32 of everything between header and table
  uint32_t table_crc;
  char digest[kCorpusDigestBytes];  // padded with zeros
  uint32_t flags;                   // kCorpusLabels or 0
  char reserved[56];                // zeros
  uint32_t header_crc;              // of the 252 bytes before
};
static_assert(sizeof(CorpusHeader) == 256 && std::is_trivially_copyable_v<CorpusHeader>);

struct CorpusEntry {
  uint64_t first_id;  // index of the pair's first source id among all ids; its target ids follow the source ids
  uint32_t num_source_ids;
  uint32_t num_target_ids;
  int64_t line;
};
static_assert(sizeof(CorpusEntry) == 24 && std::is_trivially_copyable_v<CorpusEntry>);

}  // namespace attnzoo
