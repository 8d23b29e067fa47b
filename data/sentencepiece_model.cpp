#include "data/sentencepiece_model.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <set>
#include <vector>

#include "data/error.h"
#include "data/protobuf_fields.h"
#include "data/sentencepiece_charsmap.h"
#include "data/utf8.h"

namespace attnzoo {
namespace {

constexpr size_t kMaxModelBytes = size_t{64} << 20, kMaxPiecesBytes = size_t{32} << 20, kMaxPieceBytes = 1024;
constexpr size_t kMaxCharsmapBytes = size_t{4} << 20, kMaxSelfTestBytes = size_t{8} << 20, kMaxNameBytes = 256;
// SentencePiece keeps 64 in an array on the stack, without looking whether there are more.
constexpr size_t kMaxNestedUserPieces = 32;

// Numbers of sentencepiece_model.proto.
enum : uint64_t { kPieces = 1, kTrainer = 2, kNormalizer = 3, kSelfTest = 4, kDenormalizer = 5 };
enum : uint64_t { kPieceText = 1, kPieceScore = 2, kPieceType = 3 };
enum : uint64_t { kTypeNormal = 1, kTypeUserDefined = 4, kTypeUnused = 5, kTypeByte = 6 };
enum : uint64_t { kModelType = 3, kUnknownSurface = 44 };
enum : uint64_t { kUnigram = 1, kBpe = 2 };
enum : uint64_t { kRulesName = 1, kRulesCharsmap = 2 };

using Wire = ProtobufFields::Wire;

class ModelCheck {
 public:
  ModelCheck(std::string_view model, const std::string& where) : model_(model), where_(where) {}

  // Fills in what is read of the model here.
  void run(SentencePieceModel& result) {
    if (model_.size() > kMaxModelBytes) refuse(fmt::format("its model has {} bytes; at most {} are read", model_.size(), kMaxModelBytes));
    for_each_field(model_, {kTrainer, kNormalizer, kSelfTest, kDenormalizer}, [&](const ProtobufFields::Field& field) {
      if (field.number > kDenormalizer) return;
      expect(field, Wire::kBytes);
      if (field.number == kPieces) add_piece(field.content);
      if (field.number == kTrainer) check_trainer(field.content);
      if (field.number == kNormalizer) check_rules(field.content, &result);
      if (field.number == kDenormalizer) check_rules(field.content, nullptr);
      if (field.number == kSelfTest && field.content.size() > kMaxSelfTestBytes)
        refuse(fmt::format("its self-test has {} bytes; at most {} are read", field.content.size(), kMaxSelfTestBytes));
    });
    check_user_pieces();
    result.first_byte_piece = first_byte_piece_;
    if (result.normalization.empty()) result.normalization = result.has_rules ? "user_defined" : "identity";
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { fail<DataError>("{}: damaged tokeniser: {}", where_, what); }

  // `once`: fields that stand at most once; of two, SentencePiece would take the last or both.
  template <class Take>
  void for_each_field(std::string_view message, std::initializer_list<uint64_t> once, const Take& take) const {
    ProtobufFields fields(message);
    std::set<uint64_t> seen;
    while (const auto field = fields.next()) {
      if (std::find(once.begin(), once.end(), field->number) != once.end() && !seen.insert(field->number).second)
        refuse(fmt::format("its model gives field {} twice", field->number));
      take(*field);
    }
    if (fields.damaged()) refuse("SentencePiece's format ends in the middle of its model");
  }
  void expect(const ProtobufFields::Field& field, Wire wire) const {
    if (field.wire != wire) refuse(fmt::format("field {} of its model has another type than in SentencePiece's format", field.number));
  }

  void add_piece(std::string_view message) {
    std::string_view text;
    uint64_t type = kTypeNormal;
    for_each_field(message, {kPieceText, kPieceScore, kPieceType}, [&](const ProtobufFields::Field& field) {
      if (field.number == kPieceText) {
        expect(field, Wire::kBytes);
        text = field.content;
      } else if (field.number == kPieceScore) {
        expect(field, Wire::kFixed32);
        if (!std::isfinite(std::bit_cast<float>(static_cast<uint32_t>(field.value))))
          refuse(fmt::format("the score of piece {} is not a number", num_pieces_));
      } else if (field.number == kPieceType) {
        expect(field, Wire::kVarint);
        type = field.value;
        if (type < kTypeNormal || type > kTypeByte) refuse(fmt::format("piece {} is of the unknown type {}", num_pieces_, type));
      }
    });
    if (text.empty()) refuse(fmt::format("piece {} is empty", num_pieces_));
    if (text.size() > kMaxPieceBytes)
      refuse(fmt::format("piece {} has {} bytes; at most {} are read", num_pieces_, text.size(), kMaxPieceBytes));
    if (text.find('\0') != std::string_view::npos) refuse(fmt::format("piece {} holds a NUL byte", num_pieces_));
    if (find_invalid_utf8(text) != std::string_view::npos) refuse(fmt::format("piece {} is not valid UTF-8", num_pieces_));
    if (type == kTypeUserDefined) user_pieces_.push_back(text);
    if (type == kTypeByte && text == "<0x00>") first_byte_piece_ = static_cast<int32_t>(num_pieces_);
    if (type == kTypeByte && (first_byte_piece_ < 0 || text != fmt::format("<0x{:02X}>", num_pieces_ - first_byte_piece_)))
      refuse(fmt::format("its byte pieces are not in order at piece {}", num_pieces_));
    pieces_bytes_ += text.size();
    if (++num_pieces_ > kMaxSentencePieces) refuse(fmt::format("it has more than {} pieces", kMaxSentencePieces));
    if (pieces_bytes_ > kMaxPiecesBytes) refuse(fmt::format("its pieces have more than {} bytes", kMaxPiecesBytes));
  }

  void check_trainer(std::string_view message) const {
    for_each_field(message, {kModelType, kUnknownSurface}, [&](const ProtobufFields::Field& field) {
      if (field.number == kModelType) expect(field, Wire::kVarint);
      if (field.number == kUnknownSurface) expect(field, Wire::kBytes);
      if (field.number == kModelType && field.value != kUnigram && field.value != kBpe)
        refuse(fmt::format("its SentencePiece model is of type {}; unigram ({}) and BPE ({}) are read", field.value, uint64_t{kUnigram},
                           uint64_t{kBpe}));
      if (field.number == kUnknownSurface && field.content.size() > kMaxNameBytes)
        refuse(fmt::format("its text for <unk> has {} bytes; at most {} are read", field.content.size(), kMaxNameBytes));
    });
  }

  void check_rules(std::string_view message, SentencePieceModel* result) const {
    for_each_field(message, {kRulesName, kRulesCharsmap}, [&](const ProtobufFields::Field& field) {
      if (field.number != kRulesName && field.number != kRulesCharsmap) return;
      expect(field, Wire::kBytes);
      if (field.number == kRulesName) {
        if (field.content.size() > kMaxNameBytes)
          refuse(fmt::format("the name of its normalisation rules has {} bytes; at most {} are read", field.content.size(), kMaxNameBytes));
        if (result != nullptr) result->normalization = field.content;
      } else {
        if (field.content.size() > kMaxCharsmapBytes)
          refuse(fmt::format("its normalisation rules have {} bytes; at most {} are read", field.content.size(), kMaxCharsmapBytes));
        if (!is_sound_charsmap(field.content)) refuse("the normalisation rules in its model lead out of it");
        if (result != nullptr) result->has_rules = !field.content.empty();
      }
    });
  }

  void check_user_pieces() {
    std::sort(user_pieces_.begin(), user_pieces_.end());
    std::vector<std::string_view> nested;  // each begins the next one
    for (const std::string_view piece : user_pieces_) {
      while (!nested.empty() && !piece.starts_with(nested.back())) nested.pop_back();
      nested.push_back(piece);
      if (nested.size() > kMaxNestedUserPieces)
        refuse(fmt::format("more than {} of its user-defined pieces begin one another", kMaxNestedUserPieces));
    }
  }

  std::string_view model_;
  const std::string& where_;
  int64_t num_pieces_ = 0;
  size_t pieces_bytes_ = 0;
  int32_t first_byte_piece_ = -1;
  std::vector<std::string_view> user_pieces_;
};

}  // namespace

SentencePieceModel load_sentencepiece_model(std::string_view model, const std::string& where) {
  SentencePieceModel result;
  ModelCheck(model, where).run(result);
  auto processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
  try {
    const auto status = processor->LoadFromSerializedProto({model.data(), model.size()});
    if (!status.ok()) fail<DataError>("{}: damaged tokeniser: SentencePiece cannot load its model ({})", where, status.message());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // its double array throws
    fail<DataError>("{}: damaged tokeniser: SentencePiece cannot load its model ({})", where, error.what());
  }
  result.processor = std::move(processor);
  return result;
}

}  // namespace attnzoo
