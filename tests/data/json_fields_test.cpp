#include "data/json_fields.h"

#include <nlohmann/json.hpp>

#include "data/error.h"
#include "tests/temporary_directory.h"

#include "tests/catch.h"

using namespace attnzoo;
using attnzoo::test::ContainsSubstring;
using attnzoo::test::Equals;
using nlohmann::json;

TEST_CASE("fields of every type are read, and absent ones keep their defaults") {
  const json fields = {{"on", true}, {"steps", 7}, {"rate", 2}, {"name", "x"}, {"files", {"a", "b"}}, {"file", "c"}, {"large", 1e5}};
  bool on = false;
  int64_t steps = 0, large = 0, absent = 42;
  double rate = 0;
  std::string name;
  std::vector<std::string> files, file;
  FieldReader reader(fields, "x");
  CHECK(reader.read("on", on));
  CHECK(reader.read("steps", steps));
  CHECK(reader.read("rate", rate));
  CHECK(reader.read("name", name));
  CHECK(reader.read("files", files));
  CHECK(reader.read("file", file));
  CHECK(reader.read("large", large));
  CHECK_FALSE(reader.read("absent", absent));
  reader.finish();
  CHECK(on);
  CHECK(steps == 7);
  CHECK(rate == 2.0);
  CHECK(name == "x");
  CHECK(files == std::vector<std::string>{"a", "b"});
  CHECK(file == std::vector<std::string>{"c"});
  CHECK(large == 100000);
  CHECK(absent == 42);
}

TEST_CASE("an unknown key is refused with the nearest and all known keys") {
  const json fields = {{"modeldim", 3}};
  int64_t value = 0;
  FieldReader reader(fields, "model");
  reader.read("model_dim", value);
  reader.read("dropout", value);
  CHECK_THROWS_WITH(reader.finish(), Equals("model.modeldim: unknown key (did you mean 'model_dim'?); known keys: dropout, model_dim"));
}

TEST_CASE("all problems of an object are reported together") {
  const json fields = {{"steps", "many"}, {"rate", true}, {"on", 1},        {"name", json::array()},
                       {"files", {1}},    {"half", 0.5},  {"kind", "lstn"}, {"sub", 3}};
  bool on = false;
  int64_t steps = 5, half = 5;
  double rate = 5;
  std::string name = "old", kind = "gru";
  std::vector<std::string> files;
  FieldReader reader(fields, "train");
  reader.read("steps", steps);
  reader.read("rate", rate);
  reader.read("on", on);
  reader.read("name", name);
  reader.read("files", files);
  reader.read("half", half);
  reader.read_choice("kind", kind, {"gru", "lstm"});
  CHECK(reader.object("sub").empty());
  reader.problem("steps", "must be positive");
  CHECK_THROWS_WITH(reader.finish(), Equals("train.steps: must be an integer, got the string \"many\"; "
                                            "train.rate: must be a number, got the boolean true; "
                                            "train.on: must be true or false, got the number 1; "
                                            "train.name: must be a string, got a list; "
                                            "train.files: must be a string or a list of strings, got a list; "
                                            "train.half: must be an integer, got the number 0.5; "
                                            "train.kind: unknown value 'lstn' (did you mean 'lstm'?); accepted: gru, lstm; "
                                            "train.sub: must be an object, got the number 3; "
                                            "train.steps: must be positive"));
  CHECK(steps == 5);
  CHECK(name == "old");
}

TEST_CASE("what is not an object is refused") {
  const json fields = "text";
  FieldReader reader(fields, "model");
  int64_t value;
  CHECK_FALSE(reader.read("x", value));
  CHECK_THROWS_WITH(reader.finish(), Equals("model: must be an object, got the string \"text\""));
}

TEST_CASE("an integer beyond 64 bits is refused") {
  const json fields = json::parse(R"({"seed": 18446744073709551615})");
  FieldReader reader(fields, "train");
  int64_t seed;
  reader.read("seed", seed);
  CHECK_THROWS_WITH(reader.finish(), Equals("train.seed: is too large for an integer of 64 bits, got the number 18446744073709551615"));
}

TEST_CASE("a number that single precision cannot hold is refused with its field") {
  const auto problem_with = [](double number) {
    const json fields = {{"clip_norm", number}};
    FieldReader reader(fields, "train");
    double value = 5;
    reader.read("clip_norm", value);
    try {
      reader.finish();
    } catch (const ConfigError& error) {
      CHECK(value == 5);
      return std::string(error.what());
    }
    CHECK(value == number);
    return std::string();
  };
  const std::string range =
      "train.clip_norm: must be 0 or between 1.2e-38 and 3.4e38 in size, the range of single precision, got the number ";
  CHECK(problem_with(1e-300) == range + "1e-300");
  CHECK(problem_with(-1e300) == range + "-1e+300");
  CHECK(problem_with(0).empty());
  CHECK(problem_with(-0.5).empty());
  CHECK(problem_with(3.4e38).empty());
  CHECK(problem_with(1.2e-38).empty());
}

TEST_CASE("a string that is not UTF-8 is refused, as no configuration can store it") {
  const json fields = {{"cache", "/tmp/\xE9t\xE9"}, {"files", {"a", "\xFF"}}};
  FieldReader reader(fields, "data");
  std::string cache;
  std::vector<std::string> files;
  reader.read("cache", cache);
  reader.read("files", files);
  CHECK_THROWS_WITH(reader.finish(), Equals("data.cache: must be valid UTF-8, got the string \"/tmp/\xEF\xBF\xBDt\xEF\xBF\xBD\"; "
                                            "data.files: must be valid UTF-8, got [\"a\",\"\xEF\xBF\xBD\"]"));
}

TEST_CASE("an unknown key of a megabyte is refused in a short message") {
  const json fields = {{std::string(1 << 20, 'k'), 1}};
  FieldReader reader(fields, "model");
  int64_t value;
  reader.read("layers", value);
  CHECK_THROWS_WITH(reader.finish(), Equals("model." + std::string(57, 'k') + "...: unknown key; known keys: layers"));
}

TEST_CASE("JSON may hold comments, and an error names file and line") {
  CHECK(parse_json("{ // why\n \"a\": /* here */ 1 }", "r.json") == json{{"a", 1}});
  CHECK_THROWS_WITH(parse_json("{\n\"a\": 1,\n\"b\" 2}", "r.json"), ContainsSubstring("r.json:3: not valid JSON: syntax error"));
  CHECK_THROWS_AS(parse_json("{\"a\": 1,}", "r.json"), ConfigError);
  const test::TemporaryDirectory folder;
  const auto file = folder.file("bad.json", "\n\n[1 2]");
  CHECK_THROWS_WITH(read_json(file), ContainsSubstring(file + ":3: not valid JSON"));
  CHECK_THROWS_WITH(read_json(folder / "none.json"), ContainsSubstring("none.json: no such file"));
}

TEST_CASE("a key given twice in one object is refused with its line, in two objects it is not") {
  CHECK_THROWS_WITH(parse_json("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "r.json"),
                    Equals("r.json:3: the key 'a' is given twice in one object; remove one of them"));
  CHECK(parse_json(R"({"x": {"a": 1}, "y": [{"a": 2}, {"a": 3}]})", "r.json")["y"][1]["a"] == 3);
}

TEST_CASE("JSON nested a hundred thousand levels deep is refused before it can overflow the stack") {
  for (const std::string level : {"[", "{\"a\":", "[{\"a\":"}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += level;
    CHECK_THROWS_WITH(parse_json(text, "r.json"), Equals("r.json:1: nested more than 100 levels deep"));
    json root = json::object();
    CHECK_THROWS_WITH(set_field(root, "model.preset", text), Equals("model.preset: nested more than 100 levels deep"));
  }
  const std::string deepest = std::string(100, '[') + std::string(100, ']');
  CHECK(json_text(parse_json(deepest, "r.json")) == deepest);
}

TEST_CASE("a number too large for double is refused with its line or field") {
  CHECK_THROWS_WITH(parse_json("{\n\"a\": 1e400}", "r.json"), Equals("r.json:2: the number 1e400 is too large; the largest is 1.8e308"));
  json root = json::object();
  CHECK_THROWS_WITH(set_field(root, "train.learning_rate", "-1e999"),
                    Equals("train.learning_rate: the number -1e999 is too large; the largest is 1.8e308"));
}

TEST_CASE("JSON with a NUL, or padded with them, is refused") {
  CHECK_THROWS_WITH(parse_json(std::string("{}\n\0\0", 5), "r.json"),
                    Equals("r.json:2: byte 4 is NUL, which JSON cannot hold; is this a text file?"));
}

TEST_CASE("JSON of more than 100 MiB is refused unread") {
  const test::TemporaryDirectory folder;
  const auto file = folder.file("big.json", "{}");
  std::filesystem::resize_file(file, uint64_t{1} << 30);
  CHECK_THROWS_WITH(read_json(file), Equals(file + ": 1073741824 bytes of JSON; at most 104857600 are accepted"));
}

TEST_CASE("JSON is written with what is not UTF-8 replaced") {
  CHECK(json_text(json{{"folder", "a\xFFz"}}) == "{\"folder\":\"a\xEF\xBF\xBDz\"}");
  CHECK(json_text(nlohmann::ordered_json{{"z", 1}, {"a", 2}}, 1) == "{\n \"z\": 1,\n \"a\": 2\n}");
}

TEST_CASE("a dotted key sets a field, making objects on the way") {
  json root = {{"model", {{"dim", 1}}}};
  set_field(root, "model.dim", "256");
  set_field(root, "train.batch.tokens", "[1, 2]");
  set_field(root, "data.file", "a b.txt");
  CHECK(root == json::parse(R"({"model": {"dim": 256}, "train": {"batch": {"tokens": [1, 2]}}, "data": {"file": "a b.txt"}})"));
  CHECK_THROWS_WITH(set_field(root, "model.dim.x", "1"),
                    Equals("model.dim.x: 'model.dim' is not an object, so nothing can be set inside it"));
  CHECK_THROWS_WITH(
      set_field(root, "data.cache", "caf\xE9"),
      Equals("data.cache: 'caf\xEF\xBF\xBD' is not valid UTF-8 at byte 4, so it cannot be stored in a configuration; rename the file "
             "or folder"));
  CHECK_THROWS_WITH(set_field(root, "a..b", "1"), Equals("'a..b': has an empty part; write a key such as train.max_steps"));
}

TEST_CASE("merging replaces values object by object") {
  json base = {{"a", {{"x", 1}, {"y", 2}}}, {"b", {1, 2}}};
  merge_json(base, {{"a", {{"y", 3}}}, {"b", {9}}, {"c", true}});
  CHECK(base == json::parse(R"({"a": {"x": 1, "y": 3}, "b": [9], "c": true})"));
}

TEST_CASE("the nearest name forgives typos, case, dashes and a name cut short, and nothing else") {
  const std::vector<std::string> names = {"attention-lstm", "attention-gru", "transformer", "beam"};
  CHECK(nearest("attention-lsmt", names) == "attention-lstm");
  CHECK(nearest("Attention_GRU", names) == "attention-gru");
  CHECK(nearest("trans", names) == "transformer");
  CHECK(nearest("bean", names) == "beam");
  CHECK(nearest("attention", names).empty());
  CHECK(nearest("xyz", names).empty());
  CHECK(nearest("", names).empty());
}
