// Rows of tokens that light up: each is a button; hovering, focusing or pinning one shows, on the others, how much attention passes between them.
"use strict";

const isSpecial = (token) => /^<.*>$/.test(token);

class TokenStrip {
  // tokens: text; notes: a small text under each, shown while nothing is lit; shares: a background of 0..1 for each, likewise.
  constructor(id, title, tokens, {notes = [], shares = [], onPoint, onLeave}) {
    this.notes = notes;
    this.shares = shares;
    this.buttons = tokens.map((token, index) =>
        el("button", {type: "button", class: isSpecial(token) ? "token special" : "token", "data-index": index, on: {
          pointerenter: () => onPoint(this, index, false), focus: () => onPoint(this, index, false), click: () => onPoint(this, index, true),
          pointerleave: () => onLeave(), blur: () => onLeave(),
        }}, corpusText(token.replace(/^▁/, "") || token), el("small")));
    this.element = el("div", {class: "strip", id}, el("h3", {}, title), el("div", {class: "tokens"}, this.buttons));
    this.clear();
  }
  clear() {
    this.buttons.forEach((button, index) => {
      button.classList.remove("from", "pinned");
      button.lastChild.textContent = this.notes[index] ?? "";
      this.shade(button, this.shares[index]);
    });
  }
  shade(button, share) {
    const lit = Number.isFinite(share) && share > 0;
    button.classList.toggle("lit", lit);
    button.classList.toggle("strong", lit && share > 0.55);
    if (lit) button.style.setProperty("--share", Math.min(1, share).toFixed(3));
  }
  // weights[k]: what token k gets, from 0 to 1.
  light(weights) {
    this.buttons.forEach((button, index) => {
      const weight = weights(index);
      this.shade(button, weight);
      button.lastChild.textContent = Number.isFinite(weight) ? weight.toFixed(2) : "";
    });
  }
  mark(index, pinned) {
    this.buttons[index].classList.add("from");
    if (pinned) this.buttons[index].classList.add("pinned");
  }
}
