#include "models/safetensors.h"

#include <ATen/ATen.h>

#include <fstream>
#include <random>

#include "data/error.h"
#include "data/files.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

namespace attnzoo::test {
namespace {

NamedTensors some_tensors() {
  torch::manual_seed(3);
  return {{"encoder.weight", torch::randn({3, 5})},
          {"a.double", torch::randn({2}, torch::kDouble)},
          {"half", torch::randn({7}).to(torch::kHalf)},
          {"brain", torch::randn({2, 2}).to(torch::kBFloat16)},
          {"ids", torch::arange(5)},
          {"keep", torch::tensor({true, false, true})},
          {"bytes", torch::arange(3).to(torch::kUInt8)},
          {"scalar", torch::full({}, 4.5)},
          {"empty", torch::zeros({0, 3})}};
}

std::string container(const std::string& header, size_t num_data_bytes) {
  std::string content(8, '\0');
  for (size_t i = 0; i < 8; ++i) content[i] = static_cast<char>(header.size() >> (8 * i));
  return content + header + std::string(num_data_bytes, 'x');
}

void write_plain(const std::filesystem::path& file, const std::string& content) { std::ofstream(file, std::ios::binary) << content; }

}  // namespace

TEST_CASE("tensors of every type come back from a file with the same bits") {
  const TemporaryDirectory folder;
  const auto file = folder / "t.safetensors";
  const auto tensors = some_tensors();
  save_safetensors(file, tensors, {{"made", "here"}});
  Metadata metadata;
  const auto loaded = load_safetensors(file, &metadata);
  REQUIRE(loaded.size() == tensors.size());
  for (const auto& [name, tensor] : tensors) {
    INFO(name);
    CHECK(loaded.at(name).scalar_type() == tensor.scalar_type());
    CHECK(loaded.at(name).equal(tensor));
  }
  CHECK(metadata == Metadata{{"made", "here"}});
}

TEST_CASE("a transposed tensor is written by its values, not by its storage") {
  const TemporaryDirectory folder;
  const auto tensor = torch::randn({4, 3}).t();
  save_safetensors(folder / "t", {{"t", tensor}});
  CHECK(load_safetensors(folder / "t").at("t").equal(tensor));
}

TEST_CASE("the header is padded so that every tensor is aligned to its element size") {
  const TemporaryDirectory folder;
  save_safetensors(folder / "t", {{"a", torch::ones({3}, torch::kUInt8)}, {"b", torch::ones({2}, torch::kDouble)}});
  const std::string content = read_file(folder / "t");
  CHECK(static_cast<unsigned char>(content[0]) % 8 == 0);
  CHECK(content.find("\"b\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}") != std::string::npos);
}

TEST_CASE("a file cut anywhere is refused") {
  const TemporaryDirectory folder;
  save_safetensors(folder / "whole", some_tensors());
  const std::string content = read_file(folder / "whole");
  for (size_t size = 0; size < content.size(); size += size < 16 ? 1 : 7) {
    INFO("cut to " << size);
    write_plain(folder / "cut", content.substr(0, size));
    REQUIRE_THROWS_AS(load_safetensors(folder / "cut"), CheckpointError);
  }
}

TEST_CASE("a file with damaged bytes is refused or read, and never crashes the program") {
  const TemporaryDirectory folder;
  save_safetensors(folder / "whole", some_tensors());
  const std::string content = read_file(folder / "whole");
  std::mt19937 random(7);
  int num_refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = content;
    const size_t place = random() % (round % 2 == 0 ? 64 : damaged.size());
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << (random() % 8)));
    write_plain(folder / "damaged", damaged);
    try {
      load_safetensors(folder / "damaged");
    } catch (const CheckpointError&) {
      ++num_refused;
    }
  }
  CHECK(num_refused > 500);
}

TEST_CASE("each kind of damage to tensors has its message") {
  const TemporaryDirectory folder;
  const auto file = folder / "f";
  const std::string name = file.string();
  const auto refused = [&](const std::string& content) {
    write_plain(file, content);
    try {
      load_safetensors(file);
    } catch (const CheckpointError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(refused("abc") == name + ": only 3 bytes long; the file is truncated");
  CHECK(refused("not a safetensors file at all") ==
        name + ": its header claims 7021991845529153390 bytes and the file has 29; the file is truncated or not in safetensors format");
  CHECK(refused(container("[]", 0)) == name + ": its header is not a JSON object; the file is damaged or not in safetensors format");
  const std::string advice = "; the file is damaged or not in safetensors format";
  const auto bad_json = refused(container("{\"a\":", 0));
  CHECK(bad_json.starts_with(name + ": header:1: not valid JSON: "));
  CHECK(bad_json.ends_with(advice));
  CHECK(refused(container("{\"a\":{\"shape\":[1]}}", 0)) ==
        name + ": tensor 'a': dtype, shape or data_offsets is missing; the file is damaged");
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return "{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  };
  CHECK(refused(container("{\"a\":" + entry("\"F12\"", "[1]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': unknown dtype 'F12'; known: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[2]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': its shape [2] needs 8 bytes, its offsets 0 to 4 do not hold that; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[-1]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': its shape holds something that is not a size; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[268435456,268435456,268435456]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': its shape is too large; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[1]", "[0,4]") + ",\"b\":" + entry("\"F32\"", "[1]", "[2,6]") + "}", 6)) ==
        name + ": tensor 'b' starts at offset 2 where 4 was expected (an overlap or a hole); the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[1]", "[4,8]") + "}", 8)) ==
        name + ": tensor 'a' starts at offset 4 where 0 was expected (an overlap or a hole); the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[1]", "[0,4]") + "}", 3)) ==
        name + ": its tensors need 4 bytes of data and it holds 3; the file is truncated or damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[0,281474976710656,281474976710656]", "[0,0]") + "}", 0)) ==
        name + ": tensor 'a': its shape is too large; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"F32\"", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': its shape has 17 dimensions, at most 16 are accepted; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("\"BOOL\"", "[2]", "[0,2]") + "}", 2)) ==
        name + ": tensor 'a': holds booleans that are neither 0 nor 1; the file is damaged");
  CHECK(refused(container("{\"a\":" + entry("[[1]]", "[1]", "[0,4]") + "}", 4)) ==
        name + ": tensor 'a': unknown dtype array; known: F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL");
  CHECK(refused(container("{\"__metadata__\":{\"a\":1}}", 0)) == name + ": __metadata__.a is not a string; the file is damaged");
}

TEST_CASE("a header that names a tensor twice, or is longer than any model's, is refused") {
  const TemporaryDirectory folder;
  const auto file = folder / "f";
  const std::string entry = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  write_plain(file, container("{" + entry + "," + entry + "}", 4));
  CHECK_THROWS_WITH(load_safetensors(file),
                    ContainsSubstring("the key 'a'") && ContainsSubstring("the file is damaged or not in safetensors format"));
  write_plain(file, container("{}" + std::string(16'000'000, ' '), 0));
  CHECK_THROWS_WITH(load_safetensors(file), file.string() + ": its header has 16000002 bytes; at most 16000000 are accepted");
  std::string deep;
  for (int level = 0; level < 100000; ++level) deep += "[";
  write_plain(file, container(R"({"a":{"dtype":)" + deep + std::string(100000, ']') + R"(,"shape":[1],"data_offsets":[0,4]}})", 4));
  CHECK_THROWS_AS(load_safetensors(file), CheckpointError);
}

TEST_CASE("a missing file is named") {
  REQUIRE_THROWS_WITH(load_safetensors("/nowhere/w.safetensors"), "/nowhere/w.safetensors: cannot be read: No such file or directory");
}

TEST_CASE("a type that safetensors has no name for is refused") {
  const TemporaryDirectory folder;
  REQUIRE_THROWS_WITH(save_safetensors(folder / "t", {{"c", torch::zeros({1}, torch::kComplexFloat)}}),
                      "tensor 'c': type ComplexFloat has no name in safetensors");
}

}  // namespace attnzoo::test
