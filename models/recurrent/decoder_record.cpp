#include "models/recurrent/decoder_record.h"

#include <ATen/ATen.h>

#include "models/kernels/recurrent_cells.h"
#include "models/layers/dropout.h"

namespace attnzoo {
DecoderRecord::DecoderRecord(CellKind kind, DecoderWeights weights, const Packing& target, const Packing& source, DecoderOptions options)
    : kind_(kind), weights_(std::move(weights)), order_(target, false), options_(std::move(options)) {
  options_.masks = options_.masks.index_select(order_.order_B);
  packed_.emplace(Packed{kernels::PackedWeight(weights_.feed_weight),
                         kernels::PackedWeight(weights_.query_weight),
                         kernels::PackedWeight(weights_.readout_weight, weights_.readout_bias),
                         {}});
  for (size_t l = 1; l < weights_.weight_ih.size(); ++l) packed_->above.emplace_back(weights_.weight_ih[l], weights_.bias_ih[l]);
  place_attention(source);
}

void DecoderRecord::place_attention(const Packing& source) {
  int64_t num_weights = 0;
  for (int64_t t = 0; t < order_.num_steps(); ++t)
    for (int64_t r = 0; r < order_.step_rows[static_cast<size_t>(t)]; ++r) {
      const int64_t sentence = order_.order[static_cast<size_t>(r)];
      score_rows_.push_back({source.offsets[static_cast<size_t>(sentence)], source.length(sentence), num_weights});
      num_weights += source.length(sentence);
    }
  attention_weights_ = torch::empty({num_weights}, weights_.query_weight.options().requires_grad(false));
}

torch::Tensor DecoderRecord::row_mask(const torch::Tensor& per_sentence, int64_t dim) const {
  if (per_sentence.defined()) return order_.spread(per_sentence);
  return options_.dropout > 0 ? dropout_mask({order_.num_rows(), dim}, options_.dropout) : torch::Tensor();
}

kernels::ScoreOperands DecoderRecord::operands() const {
  return {keys_.const_data_ptr<float>(), memory_.const_data_ptr<float>(),
          weights_.score_vector.defined() ? weights_.score_vector.const_data_ptr<float>() : nullptr, keys_.size(1), memory_.size(1)};
}

torch::Tensor DecoderRecord::forward(const torch::Tensor& gx_P, const torch::Tensor& keys_PA, const torch::Tensor& memory_PC,
                                     const std::vector<torch::Tensor>& initial) {
  keys_ = keys_PA.contiguous();
  memory_ = memory_PC.contiguous();
  const auto options = keys_.options();
  const int64_t rows = order_.num_rows(), hidden = weights_.weight_hh[0].size(1), readout = weights_.readout_weight.size(0);
  const size_t per_cell = static_cast<size_t>(num_state_tensors(kind_));
  for (size_t l = 0; l < weights_.weight_hh.size(); ++l)
    cells_.emplace_back(kind_, order_, weights_.weight_hh[l], weights_.bias_hh[l],
                        std::vector<torch::Tensor>(initial.begin() + static_cast<int64_t>(l * per_cell),
                                                   initial.begin() + static_cast<int64_t>((l + 1) * per_cell)),
                        options_.masks.recurrent(l));
  query_P_ = torch::empty({rows, keys_.size(1)}, options);
  hc_P_ = torch::empty({rows, hidden + memory_.size(1)}, options);
  tanh_P_ = torch::empty({rows, readout}, options);
  mask_P_ = row_mask(options_.masks.readout(), readout);
  r_P_ = mask_P_.defined() ? torch::empty({rows, readout}, options) : tanh_P_;
  feed_P_ = torch::empty({rows, readout}, options);
  for (size_t l = 0; l + 1 < cells_.size(); ++l) {
    between_.push_back(torch::empty({rows, hidden}, options));
    between_mask_.push_back(row_mask(options_.masks.input(l + 1), hidden));
  }
  for (int64_t t = 0; t < order_.num_steps(); ++t) {
    auto feed = order_.step(feed_P_, t);
    if (t == 0) {
      feed.zero_();
    } else {
      feed.copy_(order_.step(r_P_, t - 1).narrow(0, 0, feed.size(0)));
    }
    auto h = cells_[0].forward_step(t, packed_->feed.apply(feed, {.add = order_.step(gx_P, t)}));
    for (size_t l = 1; l < cells_.size(); ++l) {
      auto dropped = order_.step(between_[l - 1], t);
      if (between_mask_[l - 1].defined())
        at::mul_out(dropped, h, order_.step(between_mask_[l - 1], t));
      else
        dropped.copy_(h);
      const auto above = cells_[l].forward_step(t, packed_->above[l - 1].apply(dropped));
      h = options_.residual ? at::add(above, h) : above;
    }
    attend(t, h);
    auto squashed = order_.step(tanh_P_, t);
    packed_->readout.apply_to(squashed, order_.step(hc_P_, t));
    kernels::tanh_rows(squashed.size(0), squashed.size(1), squashed.data_ptr<float>());
    if (mask_P_.defined()) {
      auto r = order_.step(r_P_, t);
      at::mul_out(r, squashed, order_.step(mask_P_, t));
    }
  }
  return r_P_;
}

void DecoderRecord::attend(int64_t t, const torch::Tensor& h) {
  const int64_t begin = order_.step_begin[static_cast<size_t>(t)], hidden = h.size(1);
  auto query = order_.step(query_P_, t), hc = order_.step(hc_P_, t);
  packed_->query.apply_to(query, h);
  hc.narrow(1, 0, hidden).copy_(h);
  kernels::score_attention_forward(score_rows_.data() + begin, h.size(0), operands(), query.const_data_ptr<float>(),
                                   hc.data_ptr<float>() + hidden, hc.size(1), attention_weights_.data_ptr<float>());
}

torch::Tensor DecoderRecord::attend_backward(int64_t t, const torch::Tensor& d_hc, Gradients& gradients, torch::Tensor& d_vector_rows) {
  const int64_t begin = order_.step_begin[static_cast<size_t>(t)], hidden = d_hc.size(1) - memory_.size(1);
  auto d_query = order_.step(d_query_P_, t);
  kernels::score_attention_backward(score_rows_.data() + begin, d_hc.size(0), operands(), order_.step(query_P_, t).const_data_ptr<float>(),
                                    d_hc.const_data_ptr<float>() + hidden, d_hc.size(1), attention_weights_.const_data_ptr<float>(),
                                    d_query.data_ptr<float>(), gradients.keys_PA.data_ptr<float>(), gradients.memory_PC.data_ptr<float>(),
                                    d_vector_rows.defined() ? d_vector_rows.data_ptr<float>() : nullptr);
  return transposed_->query.apply(d_query, {.add = d_hc.narrow(1, 0, hidden)});
}

DecoderRecord::Gradients DecoderRecord::backward(const torch::Tensor& d_r_P) {
  Gradients gradients;
  gradients.keys_PA = torch::zeros_like(keys_);
  gradients.memory_PC = torch::zeros_like(memory_);
  d_query_P_ = torch::empty_like(query_P_);
  torch::Tensor d_vector_rows;
  if (weights_.score_vector.defined())
    d_vector_rows = torch::zeros({static_cast<int64_t>(order_.order.size()), keys_.size(1)}, keys_.options());
  transposed_.emplace(Packed{kernels::PackedWeight(weights_.feed_weight.t()),
                             kernels::PackedWeight(weights_.query_weight.t()),
                             kernels::PackedWeight(weights_.readout_weight.t()),
                             {}});
  for (size_t l = 1; l < weights_.weight_ih.size(); ++l) transposed_->above.emplace_back(weights_.weight_ih[l].t());
  for (auto& cell : cells_) cell.start_backward();
  const auto d_z_P = torch::empty_like(tanh_P_);
  auto d_feed = torch::zeros({0, tanh_P_.size(1)}, keys_.options());
  for (int64_t t = order_.num_steps() - 1; t >= 0; --t) {
    auto d_r = order_.step(d_r_P, t).clone();
    if (d_feed.size(0) > 0) d_r.narrow(0, 0, d_feed.size(0)).add_(d_feed);
    if (mask_P_.defined()) d_r.mul_(order_.step(mask_P_, t));
    auto d_z = order_.step(d_z_P, t);
    at::tanh_backward_out(d_z, d_r, order_.step(tanh_P_, t));
    auto d_h = attend_backward(t, transposed_->readout.apply(d_z), gradients, d_vector_rows);
    for (size_t l = cells_.size() - 1; l > 0; --l) {
      const auto around = options_.residual ? d_h.clone() : torch::Tensor();  // the cell overwrites d_h
      d_h = transposed_->above[l - 1].apply(cells_[l].backward_step(t, d_h));
      if (between_mask_[l - 1].defined()) d_h.mul_(order_.step(between_mask_[l - 1], t));
      if (around.defined()) d_h.add_(around);
    }
    d_feed = transposed_->feed.apply(cells_[0].backward_step(t, d_h));
  }
  auto& w = gradients.weights;
  for (size_t l = 0; l < cells_.size(); ++l) {
    w.weight_hh.push_back(cells_[l].d_weight_hh());
    w.bias_hh.push_back(cells_[l].d_bias_hh());
    w.weight_ih.push_back(l == 0 ? torch::Tensor() : cells_[l].d_gx_P.t().mm(between_[l - 1]));
    w.bias_ih.push_back(l == 0 ? torch::Tensor() : cells_[l].d_gx_P.sum(0));
    for (const auto& d_state : cells_[l].d_initial()) gradients.initial.push_back(d_state);
  }
  w.feed_weight = cells_[0].d_gx_P.t().mm(feed_P_);
  w.query_weight = d_query_P_.t().mm(hc_P_.narrow(1, 0, cells_.back().h_P.size(1)));
  if (d_vector_rows.defined()) w.score_vector = d_vector_rows.sum(0);
  w.readout_weight = d_z_P.t().mm(hc_P_);
  w.readout_bias = d_z_P.sum(0);
  gradients.gx_P = cells_[0].d_gx_P;
  return gradients;
}

}  // namespace attnzoo
