#include "models/zoo.h"

#include "models/find_by_name.h"

// One line for each folder that has parts or families, in the order in which --list-models shows them. No objects that register themselves:
// a static library would drop them.
// clang-format off
#define ATTNZOO_FOLDERS(use) \
  use(attention_rnn)         \
  use(fusion)                \
  use(transformer)           \
  use(hybrid)                \
  use(pooling)               \
  use(bag_of_words)          \
  use(language_model)
// clang-format on

namespace attnzoo {

#define ATTNZOO_DECLARE(folder) void add_##folder(Zoo& zoo);
ATTNZOO_FOLDERS(ATTNZOO_DECLARE)

const Zoo& zoo() {
  static const Zoo all = [] {
    Zoo zoo;
#define ATTNZOO_ADD(folder) add_##folder(zoo);
    ATTNZOO_FOLDERS(ATTNZOO_ADD)
    return zoo;
  }();
  return all;
}

const std::vector<EncoderKind>& encoder_kinds() { return zoo().encoders; }
const std::vector<DecoderKind>& decoder_kinds() { return zoo().decoders; }
const std::vector<ModelFamily>& model_families() { return zoo().families; }

const EncoderKind& find_encoder_kind(const std::string& name) { return find_by_name(encoder_kinds(), "encoder", "encoders", name); }
const DecoderKind& find_decoder_kind(const std::string& name) { return find_by_name(decoder_kinds(), "decoder", "decoders", name); }
const ModelFamily& find_model_family(const std::string& name) { return find_by_name(model_families(), "family", "families", name); }

}  // namespace attnzoo
