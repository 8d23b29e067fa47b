// How a beam search came to its result, for those who look at it: what it considered at each step, what it kept and what it dropped.
#pragma once

#include <cstdint>
#include <vector>

#include "eval/row_top_k.h"

namespace attnzoo {

struct SearchTrace {
  enum class Fate { kLive, kEnded, kDropped };
  // A hypothesis that was considered: its parent's and one token more.
  struct Node {
    int32_t parent = -1;  // index into `nodes`; -1: the start
    int32_t id = 0;
    double log_probability = 0;  // of all its tokens
    Fate fate = Fate::kDropped;
    bool best = false;  // on the path of the best hypothesis
  };
  struct Step {
    std::vector<int32_t> live;                        // the node of each hypothesis that was live before the step; -1: the start
    std::vector<std::vector<RankedToken>> likeliest;  // for each of them, the tokens most likely to follow, best first
    int32_t first_node = 0, num_nodes = 0;            // the hypotheses considered, likeliest first: at most 2 * beam
  };
  static constexpr int64_t kNumLikeliest = 5;

  std::vector<Node> nodes;
  std::vector<Step> steps;

  void mark_best(int32_t node) {
    for (; node >= 0; node = nodes[static_cast<size_t>(node)].parent) nodes[static_cast<size_t>(node)].best = true;
  }
};

}  // namespace attnzoo
