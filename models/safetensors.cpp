#include "models/safetensors.h"

#include <ATen/ATen.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/error.h"
#include "data/files.h"

namespace attnzoo {
namespace {

struct DtypeName {
  const char* name;
  torch::ScalarType type;
};
constexpr std::array kDtypes = {DtypeName{"F64", torch::kFloat64},   DtypeName{"F32", torch::kFloat32}, DtypeName{"F16", torch::kFloat16},
                                DtypeName{"BF16", torch::kBFloat16}, DtypeName{"I64", torch::kInt64},   DtypeName{"I32", torch::kInt32},
                                DtypeName{"I16", torch::kInt16},     DtypeName{"I8", torch::kInt8},     DtypeName{"U8", torch::kUInt8},
                                DtypeName{"BOOL", torch::kBool}};
// What the reference implementation accepts; a longer header is a damaged length.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;

const char* dtype_name(const std::string& tensor, torch::ScalarType type) {
  for (const DtypeName& known : kDtypes)
    if (known.type == type) return known.name;
  fail<CheckpointError>("tensor '{}': type {} has no name in safetensors", tensor, c10::toString(type));
}

struct Entry {
  std::string name;
  torch::ScalarType type;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

// One tensor of the header; every field is checked, as the file may hold anything.
Entry read_entry(const std::string& where, const std::string& name, const nlohmann::json& fields) {
  const auto refuse = [&](const std::string& what) {
    fail<CheckpointError>("{}: tensor '{}': {}; the file is damaged", where, name, what);
  };
  if (!fields.is_object() || !fields.contains("dtype") || !fields.contains("shape") || !fields.contains("data_offsets"))
    refuse("dtype, shape or data_offsets is missing");
  Entry entry;
  entry.name = name;
  const auto& dtype = fields["dtype"];
  const DtypeName* known = nullptr;
  for (const DtypeName& candidate : kDtypes)
    if (dtype.is_string() && dtype.get_ref<const std::string&>() == candidate.name) known = &candidate;
  if (known == nullptr)
    fail<CheckpointError>("{}: tensor '{}': unknown dtype {}; known: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL", where, name,
                          dtype.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  entry.type = known->type;

  uint64_t num_bytes = c10::elementSize(entry.type);
  if (!fields["shape"].is_array()) refuse("shape is not a list");
  for (const auto& size : fields["shape"]) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > (uint64_t{1} << 48)) refuse("shape holds something that is not a size");
    entry.shape.push_back(size.get<int64_t>());
    if (__builtin_mul_overflow(num_bytes, size.get<uint64_t>(), &num_bytes)) refuse("shape is too large");
  }
  const auto& offsets = fields["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
    refuse("data_offsets is not a pair of offsets");
  entry.begin = offsets[0].get<uint64_t>();
  entry.end = offsets[1].get<uint64_t>();
  if (entry.end < entry.begin || entry.end - entry.begin != num_bytes)
    refuse(fmt::format("its shape [{}] needs {} bytes, its offsets {} to {} do not hold that", fmt::join(entry.shape, ", "), num_bytes,
                       entry.begin, entry.end));
  return entry;
}

void read_metadata(const std::string& where, const nlohmann::json& fields, Metadata* metadata) {
  if (!fields.is_object()) fail<CheckpointError>("{}: __metadata__ is not an object; the file is damaged", where);
  for (const auto& [key, value] : fields.items()) {
    if (!value.is_string()) fail<CheckpointError>("{}: __metadata__.{} is not a string; the file is damaged", where, key);
    if (metadata != nullptr) (*metadata)[key] = value.get<std::string>();
  }
}

// The tensors must fill the data part exactly, without overlap or hole.
void check_layout(const std::string& where, std::vector<Entry>& entries, uint64_t num_data_bytes) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  uint64_t expected = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != expected)
      fail<CheckpointError>("{}: tensor '{}' starts at offset {} where {} was expected (an overlap or a hole); the file is damaged", where,
                            entry.name, entry.begin, expected);
    expected = entry.end;
  }
  if (expected != num_data_bytes)
    fail<CheckpointError>("{}: its tensors need {} bytes of data and it holds {}; the file is truncated or damaged", where, expected,
                          num_data_bytes);
}

}  // namespace

void save_safetensors(const std::filesystem::path& file, const NamedTensors& tensors, const Metadata& metadata) {
  // Larger elements first keeps every tensor aligned for readers that map the file.
  std::vector<const NamedTensors::value_type*> order;
  for (const auto& item : tensors) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->second.element_size() > b->second.element_size(); });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto* item : order) {
    const uint64_t num_bytes = item->second.nbytes();
    header[item->first] = {{"dtype", dtype_name(item->first, item->second.scalar_type())},
                           {"shape", item->second.sizes().vec()},
                           {"data_offsets", {offset, offset + num_bytes}}};
    offset += num_bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');

  AtomicFile out(file);
  std::array<unsigned char, 8> length{};
  for (size_t i = 0; i < length.size(); ++i) length[i] = static_cast<unsigned char>(text.size() >> (8 * i));
  out.write(length.data(), length.size());
  out.write(text);
  for (const auto* item : order) {
    const auto tensor = item->second.detach().cpu().contiguous();
    if (tensor.nbytes() > 0) out.write(tensor.data_ptr(), tensor.nbytes());
  }
  out.commit();
}

NamedTensors load_safetensors(const std::filesystem::path& file, Metadata* metadata) {
  const std::string where = file.string();
  std::ifstream in(file, std::ios::binary);
  std::error_code error;
  const uint64_t file_bytes = std::filesystem::file_size(file, error);
  if (!in || error) fail<CheckpointError>("{}: cannot be read: {}", where, error ? error.message() : std::strerror(errno));
  std::array<unsigned char, 8> length{};
  if (file_bytes < length.size()) fail<CheckpointError>("{}: only {} bytes long; the file is truncated", where, file_bytes);
  in.read(reinterpret_cast<char*>(length.data()), length.size());
  uint64_t header_bytes = 0;
  for (size_t i = 0; i < length.size(); ++i) header_bytes |= uint64_t{length[i]} << (8 * i);
  if (header_bytes > kMaxHeaderBytes || header_bytes > file_bytes - length.size())
    fail<CheckpointError>("{}: its header claims {} bytes and the file has {}; the file is truncated or not in safetensors format", where,
                          header_bytes, file_bytes);
  std::string text(header_bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(header_bytes));
  const auto header = nlohmann::json::parse(text, nullptr, false);
  if (!in || !header.is_object())
    fail<CheckpointError>("{}: its header is not a JSON object; the file is damaged or not in safetensors format", where);

  std::vector<Entry> entries;
  for (const auto& [name, fields] : header.items()) {
    if (name == "__metadata__") {
      read_metadata(where, fields, metadata);
    } else {
      entries.push_back(read_entry(where, name, fields));
    }
  }
  check_layout(where, entries, file_bytes - length.size() - header_bytes);

  NamedTensors tensors;
  for (const Entry& entry : entries) {
    auto tensor = torch::empty(entry.shape, torch::TensorOptions(entry.type));
    if (entry.end > entry.begin) in.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(entry.end - entry.begin));
    if (!in) fail<CheckpointError>("{}: tensor '{}' cannot be read: {}", where, entry.name, std::strerror(errno));
    tensors.emplace(entry.name, std::move(tensor));
  }
  return tensors;
}

}  // namespace attnzoo
