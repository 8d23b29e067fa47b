// Greedy search, beam search, scoring and prediction as TorchScript source over the traced methods of trace.h, for exported models, which
// run without attnzoo. The rules are those of eval/search.h and eval/sentence_beam.h; attnzoo-export compares the two.
//
// Methods of the exported module; ids int64, `source` [B, S] as in Batch::source_BS (each row ends with </s>, padded with <pad>):
//   forward(source, target) -> logits [B, T, V]
//     target: [B, T], the decoder's input: <s>, then the tokens.
//   greedy(source, max_length=256, max_length_ratio=3., min_length=0, prefix=None, want_attention=False)
//     -> (ids [B, T] padded with <pad>, length [B], log_probability [B], attention [B, T + 1, S] or of width 0)
//   beam(source, beam=5, n_best=1, length_penalty=1., max_length=256, max_length_ratio=3., min_length=0, patience=1., prefix=None,
//        want_attention=False)
//     -> (ids [B, N, T], length [B, N], log_probability [B, N], score [B, N], attention [B, N, T + 1, S] or of width 0), best first;
//     with fewer than n_best hypotheses, the missing scores are -inf.
//     prefix: [B, P] given target tokens, padded with <pad>.
//   predict(source, n_best=1) -> (label id [B, N], probability [B, N], attention [B, S]); only for classifiers, over the labels.
#pragma once

#include <cstddef>
#include <string>

namespace attnzoo {

struct SearchTextForm {
  size_t num_memory = 0;     // tensors of encode()
  size_t num_state = 0;      // tensors of start(), sentence_N first
  bool reads_source = true;  // the maximum length depends on the source
  bool says_label = false;   // output is one token, never a special one
  bool has_decode = false;   // forward() computes all positions at once; else it steps
};

// Source for torch::jit::Module::define().
std::string search_text(const SearchTextForm& form);

}  // namespace attnzoo
