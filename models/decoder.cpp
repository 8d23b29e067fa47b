#include "models/decoder.h"

#include <ATen/ATen.h>

namespace attnzoo {

Memory make_memory(const Decoder& decoder, const EncodedSource& source) {
  Memory memory;
  memory.memory_BSC = source.rows.to_padded(source.memory);
  memory.keep_BS = source.rows.keep();
  memory.length_B = source.rows.length_B;
  for (const auto& projected : decoder.project_memory(source.memory))
    memory.projected.push_back(projected.is_same(source.memory) ? memory.memory_BSC : source.rows.to_padded(projected));
  memory.initial = decoder.initial_states(source);
  return memory;
}

State one_row_a_sentence(const Memory& memory) {
  State state;
  state.sentence_N = at::ones_like(memory.length_B).cumsum(0) - 1;
  return state;
}

torch::Tensor attention_to_nothing(const Memory& memory, const torch::Tensor& sentence_N) {
  const auto keep_NS = memory.keep_BS.index_select(0, sentence_N).to(memory.memory_BSC.scalar_type());
  return keep_NS / keep_NS.sum(1, true);
}

DecoderStates Decoder::step_through(const torch::Tensor& embedded, const Rows& rows, const EncodedSource& source,
                                    bool want_attention) const {
  const auto embedded_BTI = rows.to_padded(embedded);
  const Memory memory = make_memory(*this, source);
  State state = start(memory);
  std::vector<torch::Tensor> states, attention;
  for (int64_t t = 0; t < embedded_BTI.size(1); ++t) {
    auto output = step(memory, state, embedded_BTI.select(1, t), want_attention ? AttentionRequest::kMean : AttentionRequest::kNone);
    states.push_back(output.states_ND);
    attention.push_back(output.attention_NS);
    state = std::move(output.state);
  }
  return {rows.from_padded(at::stack(states, 1)), want_attention ? at::stack(attention, 1) : torch::Tensor()};
}

}  // namespace attnzoo
