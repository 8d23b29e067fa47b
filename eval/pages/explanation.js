// The page that shows what a model attended to (eval/explanation.h): a list of lines, and for one of them its tokens, matrix, heads and search.
"use strict";

const page = document.getElementById("page");
const documentData = pageData();

function describe(model, options) {
  const facts = [model.family, `${formatNumber(model.parameters)} parameters`, model.step >= 0 ? `step ${formatNumber(model.step)}` : null, options.beam ? `beam ${options.beam}` : options.sample ? "sampled" : null];
  return facts.filter(Boolean).join(" · ");
}

// What is shown of attention; kept from line to line.
const choice = {part: null, layer: kMean, head: kMean};

function chooseDefault() {
  const [part, layer, head] = documentData.default_view.split(".");
  Object.assign(choice, {part, layer: layer ?? kMean, head: head ?? kMean});
}

function viewFor(views) {
  const parts = views.parts();
  if (!parts.includes(choice.part)) choice.part = parts[0];
  const layers = views.layers(choice.part), heads = views.heads(choice.part);
  const layer = choice.layer === "last" ? layers[layers.length - 1] ?? kMean : layers.includes(Number(choice.layer)) ? Number(choice.layer) : kMean;
  const head = heads.includes(Number(choice.head)) ? Number(choice.head) : kMean;
  return {part: choice.part, layer, head};
}

function labelBars(labels) {
  return el("div", {class: "labels", id: "labels"}, labels.slice(0, 20).map((one) => [
    corpusText(one.label), el("div", {class: "bar"}, el("span", {style: {width: 100 * one.probability + "%"}})), el("span", {class: "number"}, formatPercent(one.probability)),
  ]));
}

function badges(line, hypothesis) {
  const list = [`score ${hypothesis.score.toFixed(3)}`, `log p ${hypothesis.log_probability.toFixed(2)}`].map((text) => el("li", {}, text));
  const warn = (shown, text) => { if (shown) list.push(el("li", {class: "warning"}, text)); };
  warn(hypothesis.truncated, "cut at the maximum length");
  warn(hypothesis.repeated, "repeats itself");
  warn(line.source_truncated, "source cut");
  if (hypothesis.allHeadsomitted) list.push(el("li", {}, "mean attention only: the page would be too large"));
  return el("ul", {class: "badges"}, list);
}

// What is written under an output token: where a pointer-generator took it from, the surprise in a language model, its probability otherwise.
function outputNotes(line, hypothesis) {
  return hypothesis.token_log_probabilities.map((value, index) => {
    if (hypothesis.copy) return hypothesis.copy.copied_from[index] >= 0 ? "copied" : formatPercent(hypothesis.copy.generation_probability[index], 0);
    return documentData.task === "language_model" ? (-value / Math.LN2).toFixed(1) : formatPercent(Math.exp(value), 0);
  });
}

function noteTitle(hypothesis) {
  if (hypothesis.copy) return "below: the probability of generating the word rather than copying it";
  return documentData.task === "language_model" ? "below: surprise in bits" : "below: the probability of each token";
}

function overview(views, part, onPick, chosen) {
  const layers = views.layers(part), heads = views.heads(part);
  if (layers.length * heads.length < 2) return null;
  const paint = (canvas, matrix) => {
    canvas.width = matrix.columns.length;
    canvas.height = matrix.rows.length;
    const context = canvas.getContext("2d"), image = context.createImageData(canvas.width, canvas.height);
    const colour = cssVariable("--heat").split(",").map(Number);
    for (let i = 0; i < matrix.rows.length; ++i)
      for (let j = 0; j < matrix.columns.length; ++j) image.data.set([...colour, 255 * matrix.at(i, j)], 4 * (i * canvas.width + j));
    context.putImageData(image, 0, 0);
  };
  const canvases = [];
  const rows = layers.map((layer) => el("div", {class: "row"}, el("span", {}, `layer ${layer}`), heads.filter((head) => views.of(part).some((view) => view.layer === layer && view.head === head)).map((head) => {
    const canvas = el("canvas");
    canvases.push([canvas, views.matrix(part, layer, head)]);
    return el("button", {type: "button", "data-view": `${part}.${layer}.${head}`, "aria-label": `layer ${layer}, head ${head}`, "aria-pressed": String(layer === chosen.layer && head === chosen.head), on: {click: () => onPick(layer, head)}}, canvas);
  })));
  const repaint = () => canvases.forEach(([canvas, matrix]) => paint(canvas, matrix));
  repaint();
  onThemeChange(repaint);
  return el("div", {class: "overview", id: "overview", tabindex: "0", role: "region", "aria-label": "All layers and heads"}, rows);
}

function attentionPanel(line, hypothesis) {
  const views = new AttentionViews(line, hypothesis);
  const panel = el("div");
  let matrix = null, map = null, pinned = null, source = null;
  const surprising = documentData.task === "language_model";
  const output = new TokenStrip("output", surprising ? `Text (${noteTitle(hypothesis)})` : `Output (${noteTitle(hypothesis)})`, hypothesis.tokens, {
    notes: outputNotes(line, hypothesis), shares: surprising ? hypothesis.token_log_probabilities.map((value) => Math.min(1, -value / Math.LN2 / 16)) : [], onPoint, onLeave});
  if (line.source) source = new TokenStrip("source", "Source", line.source.tokens, {shares: [], onPoint, onLeave});
  const clear = () => { output.clear(); if (source) source.clear(); };

  function light(strip, index) {
    clear();
    if (!matrix) return;
    const part = viewFor(views).part;
    if (part === "cross") {
      const other = strip === output ? source : output;
      other.light((k) => (strip === output ? matrix.at(index, k) : matrix.at(k, index)));
      if (map) map.point(strip === output ? index : -1, strip === output ? -1 : index, false);
    } else if ((part === "encoder") === (strip === source)) {
      // Columns of the decoder's matrix begin with <s>: column k + 1 is output token k.
      strip.light((k) => (part === "encoder" ? matrix.at(index, k) : k < index ? matrix.at(index, k + 1) : NaN));
      if (map) map.point(index, -1, false);
    }
    strip.mark(index, pinned !== null);
  }
  function onPoint(strip, index, pin) {
    if (pin) pinned = pinned && pinned[0] === strip && pinned[1] === index ? null : [strip, index];
    if (pinned && !pin) return;
    light(strip, index);
  }
  function onLeave() {
    if (pinned) return;
    clear();
    if (map) map.point(-1, -1, false);
  }

  function draw() {
    if (views.parts().length === 0) return panel.replaceChildren(el("p", {class: "muted"}, "This model has no attention to show."));
    const view = viewFor(views), layers = views.layers(view.part), heads = views.heads(view.part);
    matrix = views.matrix(view.part, view.layer, view.head);
    pinned = null;
    clear();
    const change = (field) => (value) => { choice[field] = value; draw(); document.getElementById(field)?.focus(); };
    const numbered = (numbers, what) => [[kMean, `mean of ${numbers.length} ${what}s`], ...numbers.map((number) => [String(number), `${what} ${number}`])];
    const controls = el("div", {class: "controls"},
        picker("part", "Attention", views.parts().map((part) => [part, kParts[part]]), view.part, change("part")),
        layers.length > 1 ? picker("layer", "Layer", numbered(layers, "layer"), String(view.layer), change("layer")) : null,
        heads.length > 1 ? picker("head", "Head", numbered(heads, "head"), String(view.head), change("head")) : null);
    const title = `${kParts[view.part]}${layers.length > 1 ? `, layer ${view.layer}` : ""}${heads.length > 1 ? `, head ${view.head}` : ""}`;
    const cells = Math.max(matrix.rows.length, matrix.columns.length);
    map = heatMap(title, matrix.rows, matrix.columns, matrix.at, {id: "matrix", cell: cells > 60 ? 10 : cells > 25 ? 16 : 22, onPoint: (i, j) => {
      clear();
      const rowStrip = view.part === "encoder" ? source : output;
      rowStrip.light((k) => (k === i ? matrix.at(i, j) : NaN));
      if (view.part === "cross") source.light((k) => (k === j ? matrix.at(i, j) : NaN));
    }, onLeave: () => { if (!pinned) clear(); }});
    const allHeads = overview(views, view.part, (layer, head) => { choice.layer = String(layer); choice.head = String(head); draw(); }, view);
    panel.replaceChildren(controls, el("div", {class: "grid"}, map.figure, allHeads ? el("div", {}, el("h3", {}, "All layers and heads"), el("p", {class: "muted"}, "Rows attend to columns; choose one to see it large."), allHeads) : null));
  }
  draw();
  const entropy = hypothesis.entropy ? linePlot("Entropy of the attention", [{name: "bits", points: hypothesis.entropy.map((value, index) => [index + 1, value])}], {id: "entropy", xLabel: "output token", yLabel: "bits", height: 180, yFrom: 0}) : null;
  return [el("div", {class: "panel"}, source ? source.element : null, output.element), panel, entropy];
}

function hypothesisTable(line, chosen, onChoose) {
  if (line.hypotheses.length < 2) return null;
  return el("div", {class: "scroll"}, el("table", {id: "n-best"}, el("caption", {}, "Best hypotheses; choose one to see it"), el("thead", {}, el("tr", {}, ["", "Text", "Score", "log p"].map((head, index) => el("th", {scope: "col", class: index > 1 ? "number" : null}, head)))),
      el("tbody", {}, line.hypotheses.map((one, index) => el("tr", {}, el("td", {}, el("button", {type: "button", "aria-pressed": String(index === chosen), on: {click: () => onChoose(index)}}, index + 1)),
          el("td", {}, corpusText(one.text)), el("td", {class: "number"}, one.score.toFixed(3)), el("td", {class: "number"}, one.log_probability.toFixed(2)))))));
}

function showLine(line, place, index = 0) {
  const hypothesis = line.hypotheses[index];
  if (!hypothesis) return place.replaceChildren(el("p", {class: "muted"}, `Line ${line.line} is blank: the model did not see it.`));
  const isLabel = documentData.task === "classification";
  place.replaceChildren(...[
    el("h2", {id: "line-title", tabindex: "-1"}, `Line ${line.line}`),
    el("p", {id: "translation"}, corpusText(hypothesis.text)),
    badges(line, hypothesis),
    line.labels ? labelBars(line.labels) : hypothesisTable(line, index, (next) => showLine(line, place, next)),
    attentionPanel(line, hypothesis),
    isLabel ? null : searchSection(line)].flat().filter(Boolean));
}

function lineList(place) {
  const lines = documentData.lines;
  const textOf = (line) => (line.source ? line.source.text : line.hypotheses[0] ? line.hypotheses[0].text : "");
  const buttons = lines.map((line) => el("button", {type: "button", "data-line": line.line, on: {click: () => choose(line)}}, el("span", {class: "order"}, line.line), corpusText(textOf(line).slice(0, 300), {tabindex: null})));
  const items = buttons.map((button) => el("li", {}, button));
  const count = el("p", {class: "muted", role: "status"});
  const filter = (query) => {
    let shown = 0;
    lines.forEach((line, index) => {
      const matches = [textOf(line), ...line.hypotheses.map((one) => one.text)].some((text) => text.toLowerCase().includes(query));
      items[index].hidden = !matches;
      shown += matches;
    });
    count.textContent = query ? `${shown} of ${lines.length} lines` : "";
  };
  function choose(line) {
    buttons.forEach((button) => button.setAttribute("aria-current", String(button.dataset.line === String(line.line))));
    showLine(line, place);
  }
  if (lines.length) choose(lines[0]);
  else place.replaceChildren(el("p", {class: "muted"}, "The text had no lines."));
  return el("nav", {class: "lines", "aria-label": "Lines"}, filterBox("filter", `Filter ${formatNumber(lines.length)} ${lines.length === 1 ? "line" : "lines"}`, filter), count, el("ol", {}, items));
}

if (documentData === null) {
  page.append(el("h1", {}, "What it attended to"), el("p", {}, "This viewer has no data. attnzoo-translate --explain FILE.html makes a page with it."));
} else {
  chooseDefault();
  const place = el("div", {id: "line"});
  page.append(el("h1", {}, "What it attended to"), el("p", {class: "muted"}, corpusText(documentData.model.run), " · ", describe(documentData.model, documentData.options)),
              el("div", {class: "layout"}, lineList(place), place));
}
