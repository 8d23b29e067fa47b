// How the search came to its result: step by step, and as a tree of the hypotheses that were kept or dropped.
"use strict";

const probability = (logProbability) => formatPercent(Math.exp(logProbability));
const kStates = {live: "kept", ended: "ended", dropped: "dropped"};

function stepTables(step, textOf) {
  const candidates = step.candidates.map((one) => el("table", {},
      el("caption", {}, "Likeliest after ", corpusText(textOf(one.hypothesis))),
      el("tbody", {}, one.tokens.map((next) => el("tr", {}, el("td", {}, corpusText(next.token)), el("td", {class: "number"}, probability(next.log_probability)))))));
  const beam = el("table", {}, el("caption", {}, "Considered, likeliest first"),
      el("thead", {}, el("tr", {}, ["Hypothesis", "log p", ""].map((head) => el("th", {scope: "col", class: head === "log p" ? "number" : null}, head)))),
      el("tbody", {}, step.beam.map((node) => el("tr", {class: [node.state, node.best ? "best" : ""].join(" ").trim()},
          el("th", {scope: "row"}, corpusText(textOf(node.id))), el("td", {class: "number"}, node.log_probability.toFixed(2)), el("td", {}, kStates[node.state])))));
  return el("div", {class: "two"}, el("div", {class: "scroll"}, candidates), el("div", {class: "scroll"}, beam));
}

function searchTree(steps) {
  const children = new Map();
  for (const step of steps) for (const node of step.beam) children.set(node.parent, [...(children.get(node.parent) || []), node]);
  const branch = (parent) => {
    const nodes = children.get(parent) || [];
    const kept = nodes.filter((node) => node.state !== "dropped"), dropped = nodes.filter((node) => node.state === "dropped");
    if (nodes.length === 0) return null;
    return el("ul", {}, kept.map(leaf), dropped.length ? el("li", {class: "muted"}, "dropped: ", dropped.map((node, k) => [k ? ", " : "", el("span", {class: "dropped"}, corpusText(node.token))])) : null);
  };
  const leaf = (node) => el("li", {}, el("span", {class: node.best ? "best" : null}, corpusText(node.token)), el("span", {class: "muted number"}, ` ${node.log_probability.toFixed(2)}${node.state === "ended" ? " ended" : ""}`), branch(node.id));
  return el("div", {class: "tree", tabindex: "0", role: "region", "aria-label": "Tree of hypotheses"}, branch(-1));
}

function searchSection(line) {
  if (!line.steps || line.steps.length === 0) return null;
  const nodes = new Map(line.steps.flatMap((step) => step.beam).map((node) => [node.id, node]));
  const textOf = (id) => {
    const tokens = [];
    for (let node = nodes.get(id); node; node = nodes.get(node.parent)) tokens.unshift(node.token);
    const text = tokens.join("").replaceAll("▁", " ").trim() || tokens.join(" ");
    return id < 0 || id === null ? "the start" : text.length > 60 ? "…" + text.slice(-59) : text;
  };
  const list = line.steps.map((step, index) => {
    const best = step.beam.find((node) => node.best), details = el("details", {"data-step": index + 1});
    details.append(el("summary", {}, `Step ${index + 1}: `, best ? [corpusText(best.token), el("span", {class: "muted"}, ` chosen among ${step.beam.length}`)] : el("span", {class: "muted"}, "after the best had ended")));
    details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(stepTables(step, textOf)); });
    return details;
  });
  const tree = el("details", {id: "search-tree"}, el("summary", {}, "The whole search as a tree"));
  tree.addEventListener("toggle", () => { if (tree.open && tree.children.length === 1) tree.append(searchTree(line.steps)); });
  return section("search", "How the search came there", el("p", {class: "muted"}, "Each step extends the hypotheses that are alive and keeps the likeliest. Marked: the path of the best."), tree, el("div", {class: "steps"}, list));
}
