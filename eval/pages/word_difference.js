// Which words of one line are not in another, by the longest common subsequence of their words.
"use strict";

// For each word of `a`: true where it belongs to the common subsequence. Very long lines are compared as sets.
function commonWords(a, b) {
  if (a.length * b.length > 250000) {
    const known = new Set(b);
    return a.map((word) => known.has(word));
  }
  const table = Array.from({length: a.length + 1}, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; --i)
    for (let j = b.length - 1; j >= 0; --j) table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const common = new Array(a.length).fill(false);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) { common[i++] = true; ++j; }
    else if (table[i + 1][j] >= table[i][j + 1]) ++i;
    else ++j;
  }
  return common;
}

// A line of text in which the words that `other` lacks are marked.
function markedText(text, other, attributes) {
  const words = text.split(/\s+/).filter(Boolean);
  const common = commonWords(words, other.split(/\s+/).filter(Boolean));
  return el("bdi", {dir: "auto", class: text.length > 2000 ? "text clipped" : "text", ...attributes}, words.length ? words.map((word, i) => [i ? " " : "", common[i] ? word : el("mark", {}, word)]) : el("span", {class: "muted"}, "(empty)"));
}
