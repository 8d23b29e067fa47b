#include "models/recurrent/time_major.h"

#include <algorithm>
#include <numeric>

namespace attnzoo {

TimeMajor::TimeMajor(const Packing& packing, bool reversed) {
  order.resize(static_cast<size_t>(packing.num_sentences));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return packing.length(a) > packing.length(b); });
  order_B = torch::tensor(order, torch::kLong);
  from_packed_P = torch::empty({packing.num_rows()}, torch::kLong);
  to_packed_P = torch::empty({packing.num_rows()}, torch::kLong);
  auto* from = from_packed_P.data_ptr<int64_t>();
  auto* to = to_packed_P.data_ptr<int64_t>();
  const int64_t longest = order.empty() ? 0 : packing.length(order[0]);
  int64_t row = 0;
  for (int64_t t = 0; t < longest; ++t) {
    step_begin.push_back(row);
    for (const int64_t sentence : order) {
      const int64_t length = packing.length(sentence);
      if (length <= t) break;
      const int64_t packed = packing.offsets[static_cast<size_t>(sentence)] + (reversed ? length - 1 - t : t);
      from[row] = packed;
      to[packed] = row++;
    }
    step_rows.push_back(row - step_begin.back());
  }
}

torch::Tensor TimeMajor::spread(const torch::Tensor& per_rank_BX) const {
  std::vector<torch::Tensor> steps;
  for (const int64_t rows : step_rows) steps.push_back(per_rank_BX.narrow(0, 0, rows));
  return torch::cat(steps);
}

}  // namespace attnzoo
