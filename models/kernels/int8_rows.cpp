#include "models/kernels/int8_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "models/kernels/simd.h"

// Every function that takes or returns a vector is inlined, so none crosses an ABI.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace attnzoo::kernels {
namespace {

#if defined(__x86_64__) && defined(__GNUC__)
#define ATTNZOO_INT8_X86 1
#endif

// A panel is kVectors * kLanes outputs; for each group of kGroup inputs, it holds the weights of output 0, of output 1, ..: kGroup bytes
// each. Activations are unsigned, q + 128, of kBytes bytes each. Lane i of a sum gets the products of its output's group.
//
// The instructions are written as inline assembly because GCC 12 keeps the sums of its intrinsic in memory, and spreads a number lane by
// lane.

#if ATTNZOO_INT8_X86
struct FourBytes {
  uint8_t bytes[4];
};
template <class Sums>
ATTNZOO_INLINE Sums broadcast_group(const uint8_t* x) {
  Sums spread;
  asm("vpbroadcastd %1, %0" : "=v"(spread) : "m"(*reinterpret_cast<const FourBytes*>(x)));
  return spread;
}

// vpdpbusd: four products of an unsigned and a signed byte are added to a lane, without saturation between them.
struct Vnni512 {
  static constexpr int kLanes = 16, kVectors = 4, kGroup = 4, kRows = 6, kBytes = 1;
  typedef int32_t Sums __attribute__((vector_size(64), aligned(4), may_alias));
  typedef float Floats __attribute__((vector_size(64), aligned(4), may_alias));
  typedef Sums Weights;
  static ATTNZOO_INLINE Weights load(const int8_t* from) { return *reinterpret_cast<const Weights*>(from); }
  static ATTNZOO_INLINE Sums spread(const uint8_t* x) { return broadcast_group<Sums>(x); }
  static ATTNZOO_INLINE Sums add_products(Sums sums, Sums x, Weights w) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w));
    return sums;
  }
};

// vpmaddwd on bytes widened to 16 bits: exact, unlike vpmaddubsw, whose sums of two products saturate.
struct Avx2 {
  static constexpr int kLanes = 8, kVectors = 2, kGroup = 2, kRows = 4, kBytes = 2;
  typedef int32_t Sums __attribute__((vector_size(32), aligned(4), may_alias));
  typedef float Floats __attribute__((vector_size(32), aligned(4), may_alias));
  typedef Sums Weights;
  struct Bytes {
    int8_t bytes[16];
  };
  static ATTNZOO_INLINE Weights load(const int8_t* from) {
    Weights wide;
    asm("vpmovsxbw %1, %0" : "=x"(wide) : "m"(*reinterpret_cast<const Bytes*>(from)));
    return wide;
  }
  static ATTNZOO_INLINE Sums spread(const uint8_t* x) { return broadcast_group<Sums>(x); }
  static ATTNZOO_INLINE Sums add_products(Sums sums, Sums x, Weights w) {
    Sums products;
    asm("vpmaddwd %2, %1, %0" : "=x"(products) : "x"(x), "x"(w));
    return sums + products;
  }
};
#endif

// Any processor: one input at a time, weights widened in registers.
struct Portable {
  static constexpr int kLanes = 4, kVectors = 2, kGroup = 1, kRows = 4, kBytes = 1;
  typedef int32_t Sums __attribute__((vector_size(16), aligned(4), may_alias));
  typedef float Floats __attribute__((vector_size(16), aligned(4), may_alias));
  typedef Sums Weights;
  static ATTNZOO_INLINE Weights load(const int8_t* from) { return Weights{from[0], from[1], from[2], from[3]}; }
  static ATTNZOO_INLINE Sums spread(const uint8_t* x) { return Sums{} + static_cast<int32_t>(*x); }
  static ATTNZOO_INLINE Sums add_products(Sums sums, Sums x, Weights w) { return sums + x * w; }
};

struct Panel {
  const int8_t* weights;
  const int32_t* start;
  const float *scale, *bias;
  int64_t num_groups, num_columns;
};

template <class Isa, size_t... V>
ATTNZOO_INLINE void add_row(typename Isa::Sums* sums, typename Isa::Sums x, const typename Isa::Weights* weights,
                            std::index_sequence<V...>) {
  ((sums[V] = Isa::add_products(sums[V], x, weights[V])), ...);
}

// The results of vector I of a block.
template <class Isa, size_t I>
ATTNZOO_INLINE typename Isa::Floats to_floats(typename Isa::Sums sums, const float* row_scale, const Panel& panel) {
  using Floats = typename Isa::Floats;
  constexpr auto column = I % Isa::kVectors * Isa::kLanes;
  const Floats scale = *reinterpret_cast<const Floats*>(panel.scale + column);
  const Floats bias = *reinterpret_cast<const Floats*>(panel.bias + column);
  return __builtin_convertvector(sums, Floats) * (scale * row_scale[I / Isa::kVectors]) + bias;
}

// sizeof...(R) rows by one panel, the sums in registers for all inputs. I numbers them: row I / kVectors, vector I % kVectors. Written as
// pack expansions because only constant indices keep an array in registers.
template <class Isa, size_t... R, size_t... V, size_t... I>
ATTNZOO_INLINE void rows_by_panel(const uint8_t* x, int64_t x_stride, const float* row_scale, const Panel& panel, float* out,
                                  int64_t out_stride, std::index_sequence<R...>, std::index_sequence<V...> vectors,
                                  std::index_sequence<I...>) {
  using Sums = typename Isa::Sums;
  using Floats = typename Isa::Floats;
  constexpr int kVectors = Isa::kVectors, kLanes = Isa::kLanes, kWidth = kVectors * kLanes;
  Sums sums[sizeof...(I)];
  ((sums[I] = *reinterpret_cast<const Sums*>(panel.start + I % kVectors * kLanes)), ...);
  const int8_t* group = panel.weights;
  for (int64_t g = 0; g < panel.num_groups; ++g, group += kWidth * Isa::kGroup) {
    typename Isa::Weights weights[kVectors];
    ((weights[V] = Isa::load(group + V * kLanes * Isa::kGroup)), ...);
    (add_row<Isa>(sums + R * kVectors, Isa::spread(x + R * x_stride + g * Isa::kGroup * Isa::kBytes), weights, vectors), ...);
  }
  if (panel.num_columns == kWidth) {
    ((*reinterpret_cast<Floats*>(out + static_cast<int64_t>(I / kVectors) * out_stride + I % kVectors * kLanes) =
          to_floats<Isa, I>(sums[I], row_scale, panel)),
     ...);
  } else {
    float whole[sizeof...(R) * kWidth];
    ((*reinterpret_cast<Floats*>(whole + I * kLanes) = to_floats<Isa, I>(sums[I], row_scale, panel)), ...);
    for (size_t r = 0; r < sizeof...(R); ++r)
      std::memcpy(out + static_cast<int64_t>(r) * out_stride, whole + r * kWidth, static_cast<size_t>(panel.num_columns) * sizeof(float));
  }
}

template <class Isa, size_t kRows>
ATTNZOO_INLINE void some_rows(const uint8_t* x, int64_t x_stride, const float* row_scale, const Panel& panel, float* out,
                              int64_t out_stride) {
  rows_by_panel<Isa>(x, x_stride, row_scale, panel, out, out_stride, std::make_index_sequence<kRows>(),
                     std::make_index_sequence<Isa::kVectors>(), std::make_index_sequence<kRows * Isa::kVectors>());
}

template <class Isa>
ATTNZOO_INLINE void all_rows(const uint8_t* x, int64_t x_stride, int64_t num_rows, const float* row_scale, const Panel& panel, float* out,
                             int64_t out_stride) {
  int64_t row = 0;
  for (; row + Isa::kRows <= num_rows; row += Isa::kRows)
    some_rows<Isa, Isa::kRows>(x + row * x_stride, x_stride, row_scale + row, panel, out + row * out_stride, out_stride);
  for (; row + 2 <= num_rows; row += 2)
    some_rows<Isa, 2>(x + row * x_stride, x_stride, row_scale + row, panel, out + row * out_stride, out_stride);
  if (row < num_rows) some_rows<Isa, 1>(x + row * x_stride, x_stride, row_scale + row, panel, out + row * out_stride, out_stride);
}

using RowsFunction = void (*)(const uint8_t*, int64_t, int64_t, const float*, const Panel&, float*, int64_t);

#if ATTNZOO_INT8_X86
__attribute__((target("arch=x86-64-v4"))) void rows_vnni(const uint8_t* x, int64_t xs, int64_t n, const float* s, const Panel& p, float* o,
                                                         int64_t os) {
  all_rows<Vnni512>(x, xs, n, s, p, o, os);
}
__attribute__((target("arch=x86-64-v3"))) void rows_avx2(const uint8_t* x, int64_t xs, int64_t n, const float* s, const Panel& p, float* o,
                                                         int64_t os) {
  all_rows<Avx2>(x, xs, n, s, p, o, os);
}
#endif
void rows_portable(const uint8_t* x, int64_t xs, int64_t n, const float* s, const Panel& p, float* o, int64_t os) {
  all_rows<Portable>(x, xs, n, s, p, o, os);
}

}  // namespace

struct Int8Kernel {
  const char* name;
  int64_t width, group;  // outputs per panel, inputs per group
  int64_t bytes;         // of an activation
  RowsFunction run;
};

namespace {

template <class Isa>
Int8Kernel kernel_of(const char* name, RowsFunction run) {
  return {name, Isa::kLanes * Isa::kVectors, Isa::kGroup, Isa::kBytes, run};
}

// Those that this processor runs, the fastest first.
const std::vector<Int8Kernel>& kernels_here() {
  static const std::vector<Int8Kernel> kernels = [] {
    std::vector<Int8Kernel> found;
#if ATTNZOO_INT8_X86
    if (__builtin_cpu_supports("avx512vnni") && runs_avx512()) found.push_back(kernel_of<Vnni512>("AVX-512 VNNI", rows_vnni));
    if (runs_avx2()) found.push_back(kernel_of<Avx2>("AVX2", rows_avx2));
#endif
    found.push_back(kernel_of<Portable>("portable", rows_portable));
    return found;
  }();
  return kernels;
}

// Bytes to 16 bits, in place: from the last, so that none is overwritten before it is read.
void widen(uint8_t* row, int64_t count) {
  for (int64_t k = count - 1; k >= 0; --k) {
    row[2 * k] = row[k];
    row[2 * k + 1] = 0;
  }
}

constexpr float kLargest = 127;
constexpr float kRounder = 12582912.0f;  // adding 1.5 * 2^23 rounds to an integer, to even

}  // namespace

// quantized[k] = round(x[k] * 127 / max |x|) + 128; returns the scale. External linkage, so that the processor's variant can be chosen when
// the program starts.
ATTNZOO_CPU_CLONES float quantize_row(const float* x, int64_t count, uint8_t* quantized) {
  // Magnitudes are compared by their bits, as integers, whose maximum GCC computes in vectors; NaN and infinity are above all others.
  int32_t largest_bits = 0;
  for (int64_t k = 0; k < count; ++k) {
    const int32_t bits = std::bit_cast<int32_t>(x[k]) & 0x7FFFFFFF;
    largest_bits = bits > largest_bits ? bits : largest_bits;
  }
  constexpr int32_t kInfinity = 0x7F800000;
  const float largest = std::bit_cast<float>(largest_bits);
  // A row so small that its scale would be denormal counts as zeros.
  const float factor = largest > 1e-30f && largest_bits < kInfinity ? kLargest / largest : 0.0f;
  for (int64_t k = 0; k < count; ++k) {
    const float rounded = x[k] * factor + kRounder;
    quantized[k] = static_cast<uint8_t>(std::bit_cast<int32_t>(rounded) - std::bit_cast<int32_t>(kRounder) + 128);
  }
  return largest_bits < kInfinity ? largest / kLargest : std::numeric_limits<float>::quiet_NaN();
}

std::vector<std::string> int8_kernels() {
  std::vector<std::string> names;
  for (const auto& kernel : kernels_here()) names.emplace_back(kernel.name);
  return names;
}

Int8Weights::Int8Weights(const float* weights, const float* bias, int64_t num_outputs, int64_t num_inputs, size_t kernel)
    : kernel_(kernels_here().at(kernel)),
      num_outputs_(num_outputs),
      num_inputs_(num_inputs),
      num_groups_((num_inputs + kernel_.group - 1) / kernel_.group),
      num_panels_((num_outputs + kernel_.width - 1) / kernel_.width) {
  const int64_t width = kernel_.width, group = kernel_.group;
  const auto padded = static_cast<size_t>(num_panels_ * width);
  panels_.assign(padded * static_cast<size_t>(num_groups_ * group), 0);
  start_.assign(padded, 0);
  scale_.assign(padded, 0);
  bias_.assign(padded, 0);
  std::vector<uint8_t> row(static_cast<size_t>(num_inputs));
  for (int64_t m = 0; m < num_outputs; ++m) {
    const auto output = static_cast<size_t>(m);
    scale_[output] = quantize_row(weights + m * num_inputs, num_inputs, row.data());
    if (bias != nullptr) bias_[output] = bias[m];
    int8_t* panel = panels_.data() + m / width * num_groups_ * width * group;
    for (int64_t k = 0; k < num_inputs; ++k) {
      const int32_t q = row[static_cast<size_t>(k)] - 128;
      panel[(k / group * width + m % width) * group + k % group] = static_cast<int8_t>(q);
      start_[output] -= 128 * q;
    }
  }
}

void Int8Weights::apply_rows(const float* x, int64_t x_stride, int64_t num_rows, float* out, int64_t out_stride,
                             const RowEpilogue& epilogue, int64_t first_panel, int64_t last_panel) const {
  // Blocks of rows stay in the first-level cache while all panels stream past.
  constexpr int64_t kRowBlock = 96;
  const int64_t inputs = num_groups_ * kernel_.group, stride = inputs * kernel_.bytes;
  static thread_local std::vector<uint8_t> quantized;
  float row_scale[kRowBlock];
  quantized.resize(std::max(quantized.size(), static_cast<size_t>(std::min(num_rows, kRowBlock) * stride)));
  for (int64_t begin = 0; begin < num_rows; begin += kRowBlock) {
    const int64_t rows = std::min(kRowBlock, num_rows - begin);
    for (int64_t r = 0; r < rows; ++r) {
      uint8_t* row = quantized.data() + r * stride;
      row_scale[r] = quantize_row(x + (begin + r) * x_stride, num_inputs_, row);
      if (kernel_.bytes == 2) widen(row, inputs);
    }
    for (int64_t p = first_panel; p < last_panel; ++p) {
      const int64_t column = p * kernel_.width;
      const Panel panel{panels_.data() + column * inputs,
                        start_.data() + column,
                        scale_.data() + column,
                        bias_.data() + column,
                        num_groups_,
                        std::min(kernel_.width, num_outputs_ - column)};
      float* to = out + begin * out_stride + column;
      kernel_.run(quantized.data(), stride, rows, row_scale, panel, to, out_stride);
      epilogue.apply(begin, column, rows, panel.num_columns, to, out_stride);
    }
  }
}

}  // namespace attnzoo::kernels
