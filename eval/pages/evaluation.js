// The page of scores (eval/evaluation_report.h): one system or several, translations, labels or running text.
"use strict";

const page = document.getElementById("page");
const documentData = pageData();

const several = () => documentData.systems.length > 1;
const pText = (p) => (p < 0.001 ? "< 0.001" : p.toFixed(3));

function scoreTable() {
  const rows = documentData.metrics.flatMap((metric) => metric.systems.map((one, index) => ({...one, metric: metric.name, system: documentData.systems[index], index})));
  const columns = [{title: "Metric", value: (row) => row.metric}, {title: "System", value: (row) => row.system, show: (row) => corpusText(row.system)},
    {title: "Score", value: (row) => row.score, show: (row) => row.score.toFixed(2), number: true},
    {title: "95 % interval", value: (row) => row.half_width, show: (row) => `${row.low.toFixed(2)} – ${row.high.toFixed(2)}`, number: true}];
  if (several()) columns.push({title: "Difference to the first", value: (row) => row.difference ?? NaN, show: (row) => (row.index ? (row.difference > 0 ? "+" : "") + row.difference.toFixed(2) : ""), number: true},
      {title: "p", value: (row) => row.p_value ?? NaN, show: (row) => (row.index ? pText(row.p_value) : ""), number: true});
  return section("scores", "Scores", dataTable(columns, rows, {id: "scores-table", caption: `Intervals and p-values by bootstrap: ${formatNumber(documentData.bootstrap.samples)} samples, seed ${documentData.bootstrap.seed}`}));
}

function detailTable() {
  const columns = [{title: "System", value: (row) => row.name, show: (row) => corpusText(row.name)}, {title: "Length / reference", value: (row) => row.length_ratio, show: (row) => formatNumber(row.length_ratio, 3), number: true},
    {title: "Words copied from the source", value: (row) => row.copied, show: (row) => formatPercent(row.copied), number: true}, {title: "Words repeated", value: (row) => row.repeated, show: (row) => formatPercent(row.repeated, 2), number: true},
    {title: "BLEU in full", value: (row) => row.bleu_text}];
  return section("details", "Lengths and words", dataTable(columns, documentData.details.map((row, index) => ({...row, name: documentData.systems[index]})), {id: "details-table", caption: "A title sorts"}));
}

function buckets() {
  const {by_length: length, by_frequency: frequency, systems} = documentData;
  const lengthPlot = barPlot(`BLEU by the length of the ${documentData.length_of}`, length.names, systems.map((name, s) => ({name, values: length.bleu[s]})), {id: "plot-length", xLabel: `words (sentences: ${length.counts.join(", ")})`});
  const frequencyPlot = frequency.names
    ? barPlot("F1 of words by how often training saw them", frequency.names, systems.map((name, s) => ({name, values: frequency.f1[s].map((value) => value ?? NaN)})), {id: "plot-frequency", xLabel: "times in the training text"})
    : el("figure", {id: "plot-frequency"}, el("figcaption", {}, "F1 of words by how often training saw them"), el("p", {class: "muted"}, `Not computed: ${frequency.why_not}`));
  const edges = Array.from({length: 10}, (_, k) => `${10 * k}-${10 * k + 10}`);
  const histogram = barPlot("Sentences by their BLEU", edges, systems.map((name, s) => ({name, values: edges.map((_, k) => documentData.sentence_bleu[s].filter((score) => Math.min(9, Math.floor(score / 10)) === k).length)})), {id: "plot-sentences", xLabel: "BLEU of the sentence"});
  return section("where", "Where the scores come from", el("div", {class: "grid"}, lengthPlot, frequencyPlot, histogram));
}

function sentence(index) {
  const {sources, references, outputs, systems, sentence_bleu: scores} = documentData;
  return el("div", {class: "sentence", "data-line": index + 1}, el("dl", {}, el("dt", {}, `line ${formatNumber(index + 1)}`), el("dd", {class: "given"}, sources.length ? corpusText(sources[index]) : null),
      el("dt", {}, "reference"), el("dd", {}, corpusText(references[index])),
      systems.map((name, s) => [el("dt", {}, several() ? corpusText(name) : "output", el("span", {class: "number"}, ` ${scores[s][index].toFixed(1)}`)), el("dd", {}, markedText(outputs[s][index], references[index]))])));
}

function sentenceSection() {
  const {references, outputs, sources, sentence_bleu: scores, systems} = documentData;
  const mean = (index) => scores.reduce((sum, one) => sum + one[index], 0) / scores.length;
  const spread = (index) => Math.max(...scores.map((one) => one[index])) - Math.min(...scores.map((one) => one[index]));
  const all = references.map((_, index) => index);
  const orders = {worst: [...all].sort((a, b) => mean(a) - mean(b) || a - b), best: [...all].sort((a, b) => mean(b) - mean(a) || a - b), text: all};
  if (several()) orders.different = [...all].sort((a, b) => spread(b) - spread(a) || a - b);
  const names = [several() ? ["different", "most different first"] : null, ["worst", "worst first"], ["best", "best first"], ["text", "in the order of the text"]].filter(Boolean);
  let order = names[0][0], query = "", shown = 20;
  const list = el("div", {id: "sentence-list"}), status = el("p", {class: "muted", role: "status"});
  const more = el("button", {type: "button", on: {click: () => { shown += 50; draw(); }}}, "Show more");
  function draw() {
    const chosen = query ? orders[order].filter((index) => [sources[index] || "", references[index], ...systems.map((_, s) => outputs[s][index])].some((text) => text.toLowerCase().includes(query))) : orders[order];
    list.replaceChildren(...chosen.slice(0, shown).map(sentence));
    status.textContent = `${formatNumber(Math.min(shown, chosen.length))} of ${formatNumber(chosen.length)} sentences${query ? " that match" : ""}. Marked: words that the reference does not have there.`;
    more.hidden = chosen.length <= shown;
  }
  draw();
  return section("sentences", "Sentences", el("div", {class: "controls"}, picker("sentence-order", "Order", names, order, (value) => { order = value; shown = 20; draw(); }), filterBox("sentence-filter", "Filter", (value) => { query = value; shown = 20; draw(); })), status, list, more);
}

function labelSections() {
  return documentData.systems.map((name, s) => {
    const {rows} = documentData.labels[s], confusion = documentData.confusion[s], calibration = documentData.calibration[s];
    const names = rows.map((row) => row.label), most = Math.max(1, ...confusion.flat());
    const columns = [{title: "Label", value: (row) => row.label, show: (row) => corpusText(row.label)}, {title: "Texts", value: (row) => row.texts, number: true}, {title: "Predicted", value: (row) => row.predicted, number: true},
      ...["precision", "recall", "f1"].map((key) => ({title: key === "f1" ? "F1" : key, value: (row) => row[key], show: (row) => formatPercent(row[key]), number: true}))];
    const matrix = heatMap("Confusion: rows are the references, columns the predictions", names, names, (i, j) => confusion[i][j], {id: `confusion-${s}`, cell: 26, max: () => most});
    const reliability = calibration ? barPlot(`Confidence against accuracy (expected calibration error ${formatPercent(calibration.expected_error)})`, Array.from({length: 10}, (_, k) => `${10 * k}-${10 * k + 10} %`),
        [{name: "accuracy", values: calibration.bins.map((bin) => bin.accuracy ?? NaN)}, {name: "mean confidence", values: calibration.bins.map((bin) => bin.confidence ?? NaN)}], {id: `calibration-${s}`, xLabel: "confidence of the prediction"}) : null;
    return section(`labels-${s}`, several() ? `Labels: ${name}` : "Labels", el("p", {}, `macro-F1 ${formatPercent(documentData.labels[s].macro_f1)}`), dataTable(columns, rows, {id: `labels-table-${s}`, caption: "A title sorts", filter: rows.length > 12 ? "Filter labels" : null}), el("div", {class: "grid"}, matrix.figure, reliability));
  });
}

function wrongTexts() {
  const {references, outputs, sources, confidence, systems} = documentData;
  const rows = references.map((reference, index) => ({line: index + 1, reference, text: sources[index] || "", outputs: outputs.map((one) => one[index]), confidence: confidence[0] && confidence[0][index]})).filter((row) => row.outputs.some((output) => output !== row.reference));
  const columns = [{title: "Line", value: (row) => row.line, number: true}, {title: "Text", value: (row) => row.text, show: (row) => corpusText(row.text.slice(0, 400))}, {title: "Reference", value: (row) => row.reference, show: (row) => corpusText(row.reference)},
    ...systems.map((name, s) => ({title: several() ? name : "Prediction", value: (row) => row.outputs[s], show: (row) => corpusText(row.outputs[s])})), {title: "Confidence", value: (row) => row.confidence ?? NaN, show: (row) => formatPercent(row.confidence), number: true}];
  return section("wrong", "Texts with a wrong label", dataTable(columns, rows, {id: "wrong-table", caption: `${formatNumber(rows.length)} of ${formatNumber(references.length)}`, filter: "Filter texts", limit: 50}));
}

function languageModelPage() {
  const {by_position: byPosition} = documentData;
  return [keyFigures([[formatNumber(documentData.perplexity), "perplexity", "perplexity"], [formatNumber(documentData.loss), "nats per token", "loss"], [formatNumber(documentData.tokens), "tokens", "tokens"]]),
    section("positions", "Loss by position", el("div", {class: "grid"}, linePlot("Loss of the token at each position", [{name: "nats", points: byPosition.loss.map((value, index) => [index + 1, value ?? NaN])}], {id: "plot-position", xLabel: "position in the text", yLabel: "nats", yFrom: 0}),
        linePlot("Texts that have such a position", [{name: "texts", points: byPosition.texts.map((value, index) => [index + 1, value])}], {id: "plot-texts", xLabel: "position in the text", yFrom: 0})))];
}

if (documentData === null) {
  page.append(el("h1", {}, "Scores"), el("p", {}, "This viewer has no data. attnzoo-eval --report FILE.html makes a page with it."));
} else {
  const {task, systems} = documentData;
  page.append(el("h1", {}, several() ? `${systems.length} systems compared` : ["Scores of ", corpusText(systems[0])]),
      el("p", {class: "muted"}, documentData.references ? `${formatNumber(documentData.references.length)} ${task === "classification" ? "texts" : "sentences"}` : ""));
  const parts = task === "language_model" ? languageModelPage() : task === "classification" ? [scoreTable(), ...labelSections(), wrongTexts()] : [scoreTable(), buckets(), detailTable(), sentenceSection()];
  page.append(...parts.flat().filter(Boolean));
}
