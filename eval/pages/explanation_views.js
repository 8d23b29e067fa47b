// Attention matrices of one hypothesis: decoding them, and means over layers and heads. A matrix is {rows, columns, at(i, j)}.
"use strict";

const kParts = {cross: "output to source", encoder: "source to source", decoder: "output to earlier output"};
const kMean = "mean";

function decodeWeights(base64) {
  const bytes = atob(base64);
  const weights = new Float32Array(bytes.length / 2);
  for (let i = 0; i < weights.length; ++i) weights[i] = (bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1)) / 65535;
  return weights;
}

class AttentionViews {
  constructor(line, hypothesis) {
    const output = hypothesis.tokens;
    this.labels = {
      cross: [output, line.source ? line.source.tokens : []],
      encoder: [line.source ? line.source.tokens : [], line.source ? line.source.tokens : []],
      decoder: [output, ["<s>", ...output.slice(0, -1)]],
    };
    this.views = hypothesis.views;
    this.cache = new Map();
  }
  parts() {
    return Object.keys(kParts).filter((part) => this.views.some((view) => view.part === part));
  }
  of(part) {
    return this.views.filter((view) => view.part === part);
  }
  layers(part) {
    return [...new Set(this.of(part).map((view) => view.layer).filter((layer) => layer !== null))];
  }
  heads(part) {
    return [...new Set(this.of(part).map((view) => view.head).filter((head) => head !== null))];
  }
  // layer and head: a number from 1, or kMean.
  matrix(part, layer, head) {
    const id = `${part}.${layer}.${head}`;
    if (!this.cache.has(id)) {
      const chosen = this.of(part).filter((view) => view.layer === null || ((layer === kMean || view.layer === layer) && (head === kMean || view.head === head)));
      let sum = null;
      for (const view of chosen) {
        const weights = decodeWeights(view.weights);
        if (sum === null) sum = weights;
        else for (let i = 0; i < sum.length; ++i) sum[i] += weights[i];
      }
      if (sum === null) return null;
      for (let i = 0; i < sum.length; ++i) sum[i] /= chosen.length;
      this.cache.set(id, sum);
    }
    const weights = this.cache.get(id), [rows, columns] = this.labels[part];
    return {rows, columns, at: (i, j) => weights[i * columns.length + j]};
  }
}
