// The page of prepared data (inspection_document() in data/inspect.h): counts, cleaning, lengths, coverage, pieces, doubtful pairs, samples.
"use strict";

const page = document.getElementById("page");
const documentData = pageData();

const kMostBars = 24;
const isTranslation = (data) => data.task === "translation";
const hasSource = (data) => data.task !== "language-model";
const targetName = (data) => ({classification: "Label", "language-model": "Text"})[data.task] || "Target";
const placeText = (place) => corpusText(place.split("/").pop(), {title: place});
const unitOf = (data) => (isTranslation(data) ? "pairs" : "texts");
const share = (part, whole) => (whole > 0 ? part / whole : NaN);

// Bars of equal width up to the 99th percentile, and one for the tail beyond.
function lengthBars({counts, p99, longest}) {
  const width = Math.max(1, Math.ceil((p99 + 1) / kMostBars)), names = [], values = [];
  const sum = (from, to) => counts.slice(from, to).reduce((total, count) => total + count, 0);
  for (let begin = 0; begin <= p99; begin += width) {
    names.push(width === 1 ? String(begin) : `${begin}-${begin + width - 1}`);
    values.push(sum(begin, begin + width));
  }
  const tail = names.length * width;
  if (tail <= longest) {
    names.push(`${tail}+`);
    values.push(sum(tail, longest + 1));
  }
  return {names, values};
}

function lengthPlot(id, title, lengths) {
  const {names, values} = lengthBars(lengths);
  const figure = barPlot(title, names, [{name: "pairs", values}], {id, xLabel: "tokens"});
  figure.append(el("p", {class: "muted"}, `mean ${formatNumber(lengths.mean, 3)}, median ${formatNumber(lengths.median)}, 99 % at most ${formatNumber(lengths.p99)}, longest ${formatNumber(lengths.longest)}`));
  return figure;
}

function ratioPlot(data) {
  const edges = data.ratio_edges, text = (value) => formatNumber(value, 2);
  const names = [`≤ ${text(edges[0])}`, ...edges.slice(1).map((edge, k) => `${text(edges[k])}-${text(edge)}`), `> ${text(edges[edges.length - 1])}`];
  return barPlot("Target tokens per source token", names, [{name: "pairs", values: data.ratios}], {id: "plot-ratios", xLabel: "ratio"});
}

function figures(data) {
  return keyFigures([
    [formatNumber(data.train_pairs), `training ${unitOf(data)}`, "train"],
    data.valid ? [formatNumber(data.valid_pairs), `validation ${unitOf(data)}`, "valid"] : null,
    [formatNumber(data.train.read - data.train.kept), "dropped by cleaning", "dropped"],
    [formatPercent(share(data.repeated, data.train_pairs)), "repeat an earlier pair", "repeated"],
    data.valid ? [formatPercent(share(data.valid_in_train, data.valid_pairs)), "validation sources that training has too", "seen"] : null,
  ].filter(Boolean));
}

function cleaningSection(data) {
  const rows = [["train", data.train], ["valid", data.valid]].flatMap(([name, report]) => (report ? report.reasons.map((reason) => ({corpus: name, ...reason})) : []));
  if (rows.length === 0) return section("cleaning", "What cleaning did", el("p", {}, "Nothing: every pair was kept as it is."));
  const columns = [{title: "Text", value: (row) => row.corpus}, {title: "Reason", value: (row) => row.name}, {title: "Action", value: (row) => row.action}, {title: "Pairs", value: (row) => row.pairs, number: true},
    {title: "First one", value: (row) => row.example, show: (row) => corpusText(row.example)}];
  const examples = [{title: "Reason", value: (row) => `${row.reason} (${row.action})`}, {title: "Place", value: (row) => row.place, show: (row) => placeText(row.place)},
    hasSource(data) ? {title: "Source", value: (row) => row.source, show: (row) => corpusText(row.source)} : null, {title: targetName(data), value: (row) => row.target, show: (row) => corpusText(row.target)}].filter(Boolean);
  return section("cleaning", "What cleaning did", dataTable(columns, rows, {id: "cleaning-table", caption: "Pairs dropped, cut or repaired, by reason"}),
      data.cleaned.length ? dataTable(examples, data.cleaned, {id: "cleaned-table", caption: "Examples from the training text", filter: "Filter examples"}) : null);
}

function coverageSection(data) {
  const columns = [{title: "Side", value: (row) => `${row.corpus} ${row.side}`}, {title: "Tokens", value: (row) => row.tokens, number: true},
    {title: "Unknown", value: (row) => share(row.unknown, row.tokens), show: (row) => formatPercent(share(row.unknown, row.tokens), 3), number: true},
    {title: "Bytes", value: (row) => share(row.bytes, row.tokens), show: (row) => formatPercent(share(row.bytes, row.tokens), 3), number: true},
    {title: "Copied", value: (row) => share(row.copied, row.tokens), show: (row) => formatPercent(share(row.copied, row.tokens), 3), number: true},
    {title: "Pieces in use", value: (row) => share(row.used, row.pieces), show: (row) => `${formatNumber(row.used)} of ${formatNumber(row.pieces)}`, number: true}];
  const rows = data.coverage.filter((row) => hasSource(data) || row.side === "target");
  const sides = [hasSource(data) ? ["Source", data.round_trip.source] : null, data.task !== "classification" ? [targetName(data), data.round_trip.target] : null].filter(Boolean);
  const trips = sides.map(([name, side]) => el("p", {"data-round-trip": name}, `${name}: ${formatNumber(side.changed)} of ${formatNumber(side.lines)} lines come back changed when their ids are decoded, ${formatNumber(side.spaces)} in white space alone, ${formatNumber(side.unknown)} with unknown tokens.`,
      side.example ? [" ", corpusText(side.example)] : null));
  return section("coverage", "Coverage", el("p", {class: "muted"}, data.tokenizer, `, normalisation ${data.normalization}`), dataTable(columns, rows, {id: "coverage-table", caption: "How the vocabulary covers the text", rowHeads: true}), ...trips);
}

function piecesSection(data) {
  const table = (id, caption, pieces) => {
    const total = pieces.reduce((sum, [, count]) => sum + count, 0);
    const rows = pieces.map(([text, count], index) => ({rank: index + 1, text, count, share: count / total}));
    const columns = [{title: "Rank", value: (row) => row.rank, number: true}, {title: id === "labels" ? "Label" : "Piece", value: (row) => row.text, show: (row) => corpusText(row.text)}, {title: "Count", value: (row) => row.count, number: true}];
    if (id === "labels") columns.push({title: "Share", value: (row) => row.share, show: (row) => formatPercent(row.share), number: true});
    return dataTable(columns, rows, {id: `${id}-table`, caption, filter: "Filter", limit: 20});
  };
  const labels = data.task === "classification";
  return section("pieces", labels ? "Most frequent pieces, and the labels" : "Most frequent pieces", el("div", {class: "grid"},
      hasSource(data) ? table("source-pieces", "Source", data.source_pieces) : null,
      labels ? table("labels", "Labels", data.target_pieces) : table("target-pieces", hasSource(data) ? "Target" : "Text", data.target_pieces)));
}

const kWhy = {length: "lengths do not fit", numbers: "numbers differ", equal: "both sides are equal"};

function misalignedSection(data) {
  const found = data.misaligned;
  if (!isTranslation(data) || found.pairs === 0) return null;
  const intro = `${formatNumber(found.suspicious)} of ${formatNumber(found.pairs)} pairs looked at (${formatPercent(share(found.suspicious, found.pairs), 2)}) look as if one side did not translate the other: ` +
      `their lengths are far from the usual ${formatNumber(found.length_ratio, 3)} target characters per source character, their numbers differ, or both sides are equal.`;
  const columns = [{title: "Place", value: (row) => row.place, show: (row) => placeText(row.place)}, {title: "Why", value: (row) => kWhy[row.why] || row.why}, {title: "Deviation", value: (row) => row.z, show: (row) => row.z.toFixed(1), number: true},
    {title: "Source", value: (row) => row.source, show: (row) => corpusText(row.source)}, {title: "Target", value: (row) => row.target, show: (row) => corpusText(row.target)}];
  return section("misaligned", "Perhaps misaligned", el("p", {}, intro), found.examples.length ? dataTable(columns, found.examples, {id: "misaligned-table", caption: "The largest deviations, in standard deviations", filter: "Filter pairs", limit: 20}) : null);
}

function samplesSection(data) {
  if (data.samples.length === 0) return null;
  return section("samples", "What the model will see", data.samples.map((sample) => el("dl", {class: "sample"}, el("dt", {}, `line ${formatNumber(sample.line)}`),
      hasSource(data) ? el("dd", {}, corpusText(sample.source_pieces, {class: "text pieces"})) : null, el("dd", {}, corpusText(sample.target_pieces, {class: "text pieces"})))));
}

if (documentData === null) {
  page.append(el("h1", {}, "Data"), el("p", {}, "This viewer has no data. attnzoo-data inspect RECIPE.json --report FILE.html makes a page with it."));
} else {
  const data = documentData;
  page.append(el("h1", {}, "Data of ", corpusText(data.recipe)), figures(data),
      section("lengths", "Lengths", el("div", {class: "grid"}, hasSource(data) ? lengthPlot("plot-source-lengths", "Source", data.source_lengths) : null,
          data.task === "classification" ? null : lengthPlot("plot-target-lengths", hasSource(data) ? "Target" : "Text", data.target_lengths), isTranslation(data) ? ratioPlot(data) : null)),
      ...[cleaningSection(data), misalignedSection(data), coverageSection(data), piecesSection(data), samplesSection(data)].filter(Boolean));
}
