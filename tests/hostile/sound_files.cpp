#include "tests/hostile/sound_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "data/corpus_writer.h"
#include "data/files.h"
#include "models/registry.h"
#include "tests/temporary_directory.h"

namespace attnzoo::test {

namespace fs = std::filesystem;

std::vector<std::string> sound_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 300; ++i) lines.push_back(fmt::format("a line of {} words and number {}", i % 7, i));
  return lines;
}

TokenizerPair sound_words() {
  TokenizerConfig config;
  config.kind = "words";
  const auto tokenizer = train_tokenizer(config, sound_lines());
  return {tokenizer, tokenizer};
}

CheckpointContents sound_checkpoint(const TokenizerPair& tokenizers) {
  const nlohmann::json section = {{"family", "transformer"}, {"model_dim", 16}, {"feed_forward_dim", 16}, {"layers", 1}, {"num_heads", 2}};
  CheckpointContents contents;
  contents.config = {{"task", "translation"}, {"model", complete_model_config(section)}};
  contents.tokenizers = tokenizers;
  contents.weights = model_weights(
      *build_model(section, {tokenizers.source->vocabulary_size(), tokenizers.target->vocabulary_size(), tokenizers.joint()}));
  return contents;
}

void enter_into_manifest(const fs::path& checkpoint, const std::string& name) {
  auto manifest = nlohmann::json::parse(read_file(checkpoint / "manifest.json"));
  manifest["files"][name] = {{"bytes", fs::file_size(checkpoint / name)},
                             {"crc32", fmt::format("{:08x}", crc32_of_file(checkpoint / name))}};
  write_file(checkpoint / "manifest.json", manifest.dump());
}

void write_manifest(const fs::path& checkpoint) {
  write_file(checkpoint / "manifest.json", R"({"format": 1, "files": {}})");
  for (const auto& entry : fs::directory_iterator(checkpoint))
    if (entry.path().filename() != "manifest.json") enter_into_manifest(checkpoint, entry.path().filename().string());
}

std::string sound_corpus(const fs::path& folder) {
  const auto file = folder / "sound.corpus";
  CorpusWriter writer(file, "digest");
  const std::vector<int32_t> ids = {5, 6, 7, 8};
  for (int64_t i = 0; i < 20; ++i) writer.add(std::span(ids).first(static_cast<size_t>(1 + i % 4)), ids, i + 1);
  writer.commit();
  return read_file(file);
}

std::string with_right_checksums(std::string corpus) {
  CorpusHeader header;
  if (corpus.size() < sizeof header) return corpus;
  std::memcpy(&header, corpus.data(), sizeof header);
  const size_t table = std::clamp<uint64_t>(header.table_offset, sizeof header, corpus.size());
  header.ids_crc = crc32_of(corpus.data() + sizeof header, table - sizeof header);
  header.table_crc = crc32_of(corpus.data() + table, corpus.size() - table);
  header.header_crc = crc32_of(&header, offsetof(CorpusHeader, header_crc));
  std::memcpy(corpus.data(), &header, sizeof header);
  return corpus;
}

std::string sound_mo() {
  const std::vector<std::pair<std::string, std::string>> entries = {
      {"", "Project-Id-Version: x\nContent-Type: text/plain; charset=UTF-8\n"},
      {"menu\4Open", "Offen"},
      {std::string("%d file\0%d files", 16), std::string("%d Datei\0%d Dateien", 19)}};
  std::string bytes, strings;
  const auto number = [&](size_t value) {
    const auto word = static_cast<uint32_t>(value);
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  };
  const size_t count = entries.size();
  for (const size_t value : {size_t{0x950412de}, size_t{0}, count, size_t{28}, 28 + 8 * count, size_t{0}, 28 + 16 * count}) number(value);
  for (const bool id : {true, false})
    for (const auto& [key, text] : entries) {
      const auto& part = id ? key : text;
      number(part.size());
      number(28 + 16 * count + strings.size());
      strings += part + '\0';
    }
  return bytes + strings;
}

std::string gzip_of(const std::string& content) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace attnzoo::test
