#include "data/batch.h"

namespace attnzoo {

Batch Batch::to(torch::Device device) const {
  Batch moved = *this;
  for (torch::Tensor* ids : {&moved.source_BS, &moved.target_in_BT, &moved.target_out_BT}) *ids = ids->to(device);
  return moved;
}

}  // namespace attnzoo
