#include "models/safetensors.h"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "data/error.h"
#include "data/files.h"
#include "data/json_fields.h"

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
// A tensor's entry takes about 100 bytes: room for more tensors than any model has.
constexpr uint64_t kMaxHeaderBytes = 16'000'000;
constexpr size_t kMaxDimensions = 16;
constexpr uint64_t kMaxElements = uint64_t{1} << 48;

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

// A name from the header, short enough for a message.
std::string shown(const std::string& name) { return name.size() <= 100 ? name : name.substr(0, 100) + "..."; }

// One tensor of the header; every field is checked, as the file may hold anything.
Entry read_entry(const std::string& where, const std::string& name, const nlohmann::json& fields) {
  const auto refuse = [&](const std::string& what) {
    fail<CheckpointError>("{}: tensor '{}': {}; the file is damaged", where, shown(name), what);
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
    fail<CheckpointError>("{}: tensor '{}': unknown dtype {}; known: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL", where, shown(name),
                          dtype.is_string() ? "'" + shown(dtype.get<std::string>()) + "'" : dtype.type_name());
  entry.type = known->type;

  const auto& shape = fields["shape"];
  if (!shape.is_array()) refuse("its shape is not a list");
  if (shape.size() > kMaxDimensions)
    refuse(fmt::format("its shape has {} dimensions, at most {} are accepted", shape.size(), kMaxDimensions));
  // LibTorch's strides are products of these sizes with 1 in place of 0, so those must not overflow either.
  uint64_t num_elements = 1;
  bool empty = false;
  for (const auto& size : shape) {
    if (!size.is_number_unsigned() || size.get<uint64_t>() > kMaxElements) refuse("its shape holds something that is not a size");
    const auto extent = size.get<uint64_t>();
    entry.shape.push_back(static_cast<int64_t>(extent));
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(num_elements, std::max<uint64_t>(extent, 1), &num_elements) || num_elements > kMaxElements)
      refuse("its shape is too large");
  }
  const uint64_t num_bytes = empty ? 0 : num_elements * c10::elementSize(entry.type);
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
    if (!value.is_string()) fail<CheckpointError>("{}: __metadata__.{} is not a string; the file is damaged", where, shown(key));
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
                            shown(entry.name), entry.begin, expected);
    expected = entry.end;
  }
  if (expected != num_data_bytes)
    fail<CheckpointError>("{}: its tensors need {} bytes of data and it holds {}; the file is truncated or damaged", where, expected,
                          num_data_bytes);
}

// A regular file that is open for reading. A pipe or a device is refused: it may never end, or never begin.
class WeightsFile {
 public:
  explicit WeightsFile(const std::filesystem::path& file) : where_(file.string()) {
    handle_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (handle_ < 0 || ::fstat(handle_, &status) != 0) {
      const int error = errno;
      close();
      fail<CheckpointError>("{}: cannot be read: {}", where_, std::strerror(error));
    }
    if (!S_ISREG(status.st_mode)) {
      close();
      fail<CheckpointError>("{}: is not a regular file; a file in safetensors format is needed", where_);
    }
    size_ = static_cast<uint64_t>(status.st_size);
  }
  ~WeightsFile() { close(); }
  WeightsFile(const WeightsFile&) = delete;
  WeightsFile& operator=(const WeightsFile&) = delete;

  uint64_t size() const { return size_; }
  // The next bytes; throws where there are fewer.
  void read(void* bytes, uint64_t num_bytes) {
    for (auto* place = static_cast<char*>(bytes); num_bytes > 0;) {
      const auto num_read = ::read(handle_, place, static_cast<size_t>(std::min<uint64_t>(num_bytes, uint64_t{1} << 30)));
      if (num_read < 0 && errno == EINTR) continue;
      if (num_read <= 0)
        fail<CheckpointError>("{}: cannot be read: {}", where_,
                              num_read < 0 ? std::strerror(errno) : "it was truncated while it was being read");
      place += num_read;
      num_bytes -= static_cast<uint64_t>(num_read);
    }
  }

 private:
  void close() {
    if (handle_ >= 0) ::close(handle_);
    handle_ = -1;
  }
  std::string where_;
  int handle_ = -1;
  uint64_t size_ = 0;
};

nlohmann::json read_header(WeightsFile& file, const std::string& where, uint64_t& header_bytes) {
  std::array<unsigned char, 8> length{};
  if (file.size() < length.size()) fail<CheckpointError>("{}: only {} bytes long; the file is truncated", where, file.size());
  file.read(length.data(), length.size());
  header_bytes = 0;
  for (size_t i = 0; i < length.size(); ++i) header_bytes |= uint64_t{length[i]} << (8 * i);
  if (header_bytes > file.size() - length.size())
    fail<CheckpointError>("{}: its header claims {} bytes and the file has {}; the file is truncated or not in safetensors format", where,
                          header_bytes, file.size());
  if (header_bytes > kMaxHeaderBytes)
    fail<CheckpointError>("{}: its header has {} bytes; at most {} are accepted", where, header_bytes, kMaxHeaderBytes);
  std::string text(header_bytes, '\0');
  file.read(text.data(), header_bytes);
  nlohmann::json header;
  try {
    header = parse_json(text, where + ": header");
  } catch (const Error& error) {
    fail<CheckpointError>("{}; the file is damaged or not in safetensors format", error.what());
  }
  if (!header.is_object())
    fail<CheckpointError>("{}: its header is not a JSON object; the file is damaged or not in safetensors format", where);
  return header;
}

torch::Tensor read_tensor(WeightsFile& file, const std::string& where, const Entry& entry) {
  torch::Tensor tensor;
  try {
    tensor = torch::empty(entry.shape, torch::TensorOptions(entry.type));
  } catch (const c10::Error&) {
    fail<CheckpointError>("{}: tensor '{}': there is not enough memory for its {} bytes", where, shown(entry.name),
                          entry.end - entry.begin);
  }
  if (entry.end > entry.begin) file.read(tensor.data_ptr(), entry.end - entry.begin);
  // A bool of C++ that is neither 0 nor 1 is undefined behaviour wherever it is read.
  if (entry.type == torch::kBool && entry.end > entry.begin) {
    const auto* bytes = static_cast<const unsigned char*>(tensor.const_data_ptr());
    if (std::any_of(bytes, bytes + (entry.end - entry.begin), [](unsigned char byte) { return byte > 1; }))
      fail<CheckpointError>("{}: tensor '{}': holds booleans that are neither 0 nor 1; the file is damaged", where, shown(entry.name));
  }
  return tensor;
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
  WeightsFile in(file);
  check_fits_memory(in.size(), where);
  uint64_t header_bytes = 0;
  const auto header = read_header(in, where, header_bytes);
  std::vector<Entry> entries;
  for (const auto& [name, fields] : header.items()) {
    if (name == "__metadata__") {
      read_metadata(where, fields, metadata);
    } else {
      entries.push_back(read_entry(where, name, fields));
    }
  }
  check_layout(where, entries, in.size() - sizeof(uint64_t) - header_bytes);

  NamedTensors tensors;
  for (const Entry& entry : entries) tensors.emplace(entry.name, read_tensor(in, where, entry));
  return tensors;
}

void check_fits_memory(uint64_t num_bytes, const std::string& where) {
  const auto memory = static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  if (num_bytes > memory) fail<CheckpointError>("{}: {} bytes long, and this machine has {} bytes of memory", where, num_bytes, memory);
}

const char* safetensors_name(torch::ScalarType type) {
  for (const DtypeName& known : kDtypes)
    if (known.type == type) return known.name;
  return c10::toString(type);
}

}  // namespace attnzoo
