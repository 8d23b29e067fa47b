// The page of prepared data (data/inspection_report.h): what cleaning did, lengths, ratios, misaligned pairs, labels, coverage, pieces, samples.
"use strict";

const page = document.getElementById("page");
const documentData = pageData();

const kLittleInformation = 0.1;  // nats a pair: below it, the clues to misaligned pairs tell nothing
const kSideNames = {source: "Source", target: "Target"};
const sidesOf = (map) => ["source", "target"].filter((side) => map[side]);
const sideName = (side) => (documentData.task === "language-model" ? "Text" : kSideNames[side]);
const shareOf = (part, whole) => (whole ? part / whole : NaN);
// "train.en:7" without the folder, which the title has.
const fileName = (path) => path.slice(path.lastIndexOf("/") + 1);
// Where only white space changed, it is shown: a middle dot for a space, others by their code.
const changedText = (row, text) => corpusText(row.change === "white space" ? text.replace(/ /g, "\u00b7").replace(/[^\S ]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")) : text);
const placeText = (file, line) => el("span", {title: `${file}:${line}`}, corpusText(fileName(file)), el("span", {class: "line"}, `:${line}`));

// Both lines of a pair, one under the other.
const pairLines = (pair) => [pair.source === undefined ? null : el("div", {}, corpusText(pair.source || "(empty)")), el("div", {}, corpusText(pair.target || "(empty)"))];

function figures() {
  const {pairs, cleaning, coverage, repeated, misaligned, labels, task} = documentData;
  const noun = task === "translation" ? "pairs" : "texts";
  const tokens = (side) => coverage.filter((row) => row.part === "train" && row.side === side).map((row) => [formatNumber(row.tokens), task === "translation" ? `${side} tokens` : "tokens", `tokens-${side}`]);
  return keyFigures([[formatNumber(pairs.train), `training ${noun}`, "train"], pairs.valid === undefined ? null : [formatNumber(pairs.valid), `validation ${noun}`, "valid"],
    [formatNumber(cleaning.train.num_read - cleaning.train.num_kept), "dropped by cleaning", "dropped"], [formatNumber(repeated), "repeat an earlier one", "repeated"],
    documentData.seen_in_training === undefined ? null : [formatNumber(documentData.seen_in_training), "validation lines also in training", "seen"],
    ...tokens("source"), ...tokens("target"), misaligned ? [formatNumber(misaligned.likely), "likely misaligned", "misaligned"] : null, labels ? [formatNumber(labels.distinct), "labels", "labels"] : null].filter(Boolean));
}

function cleaningSection() {
  const parts = Object.entries(documentData.cleaning).map(([part, report]) => {
    const reasons = report.reasons.filter((reason) => reason.num_pairs > 0);
    const columns = [{title: "Reason", value: (reason) => reason.name}, {title: "Action", value: (reason) => reason.action}, {title: "Lines", value: (reason) => reason.num_pairs, number: true},
      {title: "Share", value: (reason) => shareOf(reason.num_pairs, report.num_read), show: (reason) => formatPercent(shareOf(reason.num_pairs, report.num_read), 2), number: true}];
    if (part === "valid") columns.push({title: "First", value: (reason) => reason.example, show: (reason) => el("div", {class: "pair-cell"}, corpusText(reason.example))});
    return el("div", {}, el("h3", {}, part === "train" ? "Training text" : "Validation text"), el("p", {}, `${formatNumber(report.num_kept)} of ${formatNumber(report.num_read)} kept.`),
        reasons.length ? dataTable(columns, reasons, {id: `cleaning-${part}`, caption: "A title sorts", rowHeads: true}) : el("p", {class: "muted"}, "Nothing to clean."));
  });
  const examples = documentData.cleaning.train.reasons.filter((reason) => reason.examples.length).map((reason) =>
      el("details", {open: true, "data-reason": reason.name}, el("summary", {}, `${reason.name}, ${reason.action} `, el("span", {class: "number"}, `(${formatNumber(reason.examples.length)} of ${formatNumber(reason.num_pairs)})`)),
         el("div", {class: "examples"}, reason.examples.map((pair) => el("div", {class: "example"}, el("div", {class: "place"}, placeText(pair.file, pair.line)), el("div", {class: "lines"}, pairLines(pair)))))));
  return section("cleaning", "What cleaning did", el("div", {class: "grid"}, parts), examples.length ? el("h3", {}, "Examples, chosen at random") : null, examples);
}

function binName({from, to, tail}) {
  return tail ? `${from}+` : from === to ? `${from}` : `${from}-${to}`;
}

function lengthSection() {
  const {lengths} = documentData;
  const plots = sidesOf(lengths).map((side) => {
    const {bins, mean, median, p99, longest} = lengths[side];
    return el("div", {}, barPlot(`${sideName(side)} length`, bins.map(binName), [{name: "lines", values: bins.map((bin) => bin.count)}], {id: `plot-length-${side}`, xLabel: "tokens", yLabel: "lines"}),
              el("p", {class: "muted"}, `mean ${formatNumber(mean, 3)}, median ${formatNumber(median)}, 99 % at most ${formatNumber(p99)}, longest ${formatNumber(longest)}`));
  });
  return section("lengths", "Lengths of the training text", el("div", {class: "grid"}, plots));
}

function ratioSection() {
  const {ratios} = documentData;
  if (!ratios) return null;
  const total = ratios.counts.reduce((sum, count) => sum + count, 0) + ratios.empty;
  const percents = ratios.counts.map((count) => 100 * shareOf(count, total));
  const columns = [{title: "Limit", value: (row) => row.ratio}, {title: "Pairs above", value: (row) => row.pairs, number: true},
    {title: "Share", value: (row) => shareOf(row.pairs, total), show: (row) => formatPercent(shareOf(row.pairs, total), 2), number: true}];
  return section("ratios", "Pairs by length ratio", el("div", {class: "grid"}, barPlot("Target tokens divided by source tokens", ratios.names, [{name: "share", values: percents}], {id: "plot-ratio", xLabel: "target / source", yLabel: "% of pairs"}),
      el("div", {}, dataTable(columns, ratios.above, {id: "ratio-table", caption: "Longer side divided by the shorter one: what clean.max_length_ratio would drop", rowHeads: true}),
         ratios.empty ? el("p", {}, `${formatNumber(ratios.empty)} pairs have an empty side.`) : null)));
}

function misalignedSection() {
  const {misaligned, task} = documentData;
  if (task !== "translation") return null;
  const title = "Likely misaligned pairs";
  if (!misaligned) return section("misaligned", title, el("p", {class: "muted"}, "Too few pairs to tell what pairs of this text have in common."));
  const about = el("p", {}, `${formatNumber(misaligned.likely)} of ${formatNumber(misaligned.judged)} pairs are likelier misaligned than not; with the doubtful ones, about ${formatNumber(Math.round(misaligned.expected))} (${formatPercent(shareOf(misaligned.expected, misaligned.judged), 2)}) are expected. `,
      "A pair is judged by its lengths and by the numbers, addresses and words that both sides share, in comparison with lines of this text put together at random. A stretch that stands out in the plot is text whose lines are shifted. A free translation can look misaligned, too: read before you delete.");
  const warning = misaligned.information < kLittleInformation ? el("p", {class: "bad"}, "The pairs of this text share no more than lines put together at random: either the clues tell nothing about these languages, or the two sides do not belong together at all.") : null;
  const plot = misaligned.by_position.length > 1 ? barPlot("Expected share of misaligned pairs along the text", misaligned.by_position.map((_, part) => `${Math.round((100 * part) / misaligned.by_position.length)} %`), [{name: "share", values: misaligned.by_position.map((share) => 100 * share)}],
      {id: "plot-misaligned", xLabel: "place in the training text", yLabel: "% of pairs", height: 200}) : null;
  const equal = misaligned.equal.pairs ? el("details", {id: "equal-pairs"}, el("summary", {}, `Sides of four words or more that are equal, perhaps not translated `, el("span", {class: "number"}, `(${formatNumber(misaligned.equal.examples.length)} of ${formatNumber(misaligned.equal.pairs)})`)),
      el("div", {class: "examples"}, misaligned.equal.examples.map((pair) => el("div", {class: "example"}, el("div", {class: "place"}, placeText(pair.file, pair.line)), el("div", {class: "lines"}, el("div", {}, corpusText(pair.source))))))) : null;
  if (misaligned.worst.length === 0) return section("misaligned", title, about, warning, plot, equal);
  const clueNames = Object.keys(misaligned.worst[0].clues);
  const columns = [{title: "Pair", value: (pair) => pair.line, show: (pair) => [el("div", {class: "place"}, placeText(pair.file, pair.line)), el("div", {class: "pair-cell"}, pairLines(pair))]},
    {title: "Probability", value: (pair) => pair.probability, show: (pair) => formatPercent(pair.probability), number: true}, ...clueNames.map((name) => ({title: name, value: (pair) => pair.clues[name], show: (pair) => pair.clues[name].toFixed(1), number: true}))];
  const key = el("p", {class: "muted"}, "After the probability: what each clue adds, the logarithm of how much likelier it is for pairs that belong together; below 0, it speaks against the pair.");
  return section("misaligned", title, about, warning, plot, key, dataTable(columns, misaligned.worst, {id: "misaligned-table", caption: `The ${misaligned.worst.length} likeliest; a title sorts`,
    filter: "Filter", text: (pair) => `${pair.source} ${pair.target} ${pair.file}:${pair.line}`, limit: 10}), equal);
}

function labelSection() {
  const {labels} = documentData;
  if (!labels) return null;
  const total = labels.rows.reduce((sum, row) => sum + row.train, 0);
  const columns = [{title: "Label", value: (row) => row.label, show: (row) => corpusText(row.label)}, {title: "Training", value: (row) => row.train, number: true},
    {title: "Share", value: (row) => shareOf(row.train, total), show: (row) => formatPercent(shareOf(row.train, total)), number: true}];
  if (documentData.pairs.valid !== undefined) columns.push({title: "Validation", value: (row) => row.valid, number: true});
  return section("labels", "Labels", labels.unknown_in_valid ? el("p", {class: "bad"}, `${formatNumber(labels.unknown_in_valid)} validation texts have a label that training lacks.`) : null,
      dataTable(columns, labels.rows, {id: "labels-table", caption: labels.rows.length < labels.distinct ? `The ${labels.rows.length} most frequent of ${formatNumber(labels.distinct)}` : "A title sorts", filter: labels.rows.length > 12 ? "Filter labels" : null, limit: 60, rowHeads: true}));
}

function coverageSection() {
  const {coverage, missing, tokenizer} = documentData;
  const share = (key) => ({value: (row) => shareOf(row[key], row.tokens), show: (row) => formatPercent(shareOf(row[key], row.tokens), 3), number: true});
  const columns = [{title: "Text", value: (row) => `${row.part === "train" ? "training" : "validation"}${documentData.task === "translation" ? ", " + row.side : ""}`}, {title: "Tokens", value: (row) => row.tokens, number: true}, {title: "Unknown", ...share("unknown")},
    coverage.some((row) => row.copied) ? {title: "Copied words", ...share("copied")} : null, {title: "Bytes", ...share("bytes")},
    {title: "Pieces in use", value: (row) => shareOf(row.pieces_used, row.pieces), show: (row) => `${formatNumber(row.pieces_used)} of ${formatNumber(row.pieces)} (${formatPercent(shareOf(row.pieces_used, row.pieces))})`, number: true}].filter(Boolean);
  const lists = sidesOf(missing).flatMap((side) => [["as_bytes", "characters written as bytes"], ["unknown", "words or characters that the vocabulary lacks"]].map(([kind, what]) => {
    const {distinct, most_frequent: rows} = missing[side][kind];
    if (rows.length === 0) return null;
    return el("div", {}, el("h3", {}, `${sideName(side)}: ${what}`), dataTable([{title: kind === "unknown" ? "Text" : "Character", value: (row) => row.text, show: (row) => [corpusText(row.text), el("span", {class: "muted"}, codePoints(row.text))]}, {title: "Times", value: (row) => row.count, number: true}],
        rows, {id: `missing-${kind}-${side}`, caption: rows.length < distinct ? `The ${rows.length} most frequent of ${formatNumber(distinct)}` : `${formatNumber(distinct)} different`, limit: 15}));
  })).filter(Boolean);
  return section("coverage", "Coverage of the vocabulary", el("p", {}, `Tokeniser ${tokenizer.kind}, normalisation ${tokenizer.normalization}, ${tokenizer.source_pieces === tokenizer.target_pieces && tokenizer.joint ? `${formatNumber(tokenizer.source_pieces)} pieces for both sides` : documentData.task === "translation" ? `${formatNumber(tokenizer.source_pieces)} source and ${formatNumber(tokenizer.target_pieces)} target pieces` : `${formatNumber(tokenizer.source_pieces)} pieces`}.`),
      dataTable(columns, coverage, {id: "coverage-table", caption: "Shares of tokens", rowHeads: true}), lists.length ? el("div", {class: "grid"}, lists) : null);
}

// " U+00B2" for one character, nothing for words.
function codePoints(text) {
  const characters = [...text];
  return characters.length === 1 ? ` U+${characters[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : "";
}

function pieceSection() {
  const {pieces, coverage} = documentData;
  const tables = sidesOf(pieces).map((side) => {
    const total = coverage.find((row) => row.part === "train" && row.side === side).tokens;
    const columns = [{title: "Piece", value: (row) => row.piece, show: (row) => corpusText(row.piece, {class: "text piece"})}, {title: "Times", value: (row) => row.count, number: true},
      {title: "Share", value: (row) => shareOf(row.count, total), show: (row) => formatPercent(shareOf(row.count, total), 2), number: true}];
    return el("div", {}, el("h3", {}, sideName(side)), dataTable(columns, pieces[side], {id: `pieces-${side}`, caption: `The ${pieces[side].length} most frequent of the training text`, limit: 15}));
  });
  return section("pieces", "Most frequent pieces", el("div", {class: "grid"}, tables));
}

function roundTripSection() {
  const {round_trip: sides, tokenizer, cleaning} = documentData;
  const rows = sidesOf(sides).map((side) => ({side, ...sides[side]}));
  const share = (key) => ({value: (row) => row[key], show: (row) => `${formatNumber(row[key])} (${formatPercent(shareOf(row[key], row.lines), 2)})`, number: true});
  const columns = [{title: "Side", value: (row) => sideName(row.side)}, {title: "Lines tried", value: (row) => row.lines, number: true}, {title: "Changed", ...share("changed")}, {title: "In white space alone", ...share("changed_in_spaces")}, {title: "With unknown pieces", ...share("with_unknown")}];
  const examples = rows.flatMap((row) => row.examples.map((example) => ({side: row.side, ...example})));
  const exampleColumns = [{title: "Place", value: (row) => row.place, show: (row) => el("div", {class: "place"}, corpusText(fileName(row.place), {title: row.place}))}, {title: "Side", value: (row) => sideName(row.side)}, {title: "Before", value: (row) => row.before, show: (row) => changedText(row, row.before)},
    {title: "After", value: (row) => row.after, show: (row) => changedText(row, row.after)}, {title: "First changed", value: (row) => row.character}, {title: "Change", value: (row) => row.change}];
  return section("round-trip", "Lines that do not come back from the tokeniser", el("p", {}, `Encoded and decoded again; of ${formatNumber(cleaning.train.num_read)} training lines, ${formatNumber(Math.max(...rows.map((row) => row.lines)))} were tried. What does not come back, no model can write.`,
      tokenizer.normalization === "identity" ? null : ` data.tokenizer.normalization is ${tokenizer.normalization}; identity keeps text as it is.`), dataTable(columns, rows, {id: "round-trip-table", caption: "Lines", rowHeads: true}),
      examples.length ? [el("h3", {}, "Examples"), dataTable(exampleColumns, examples, {id: "round-trip-examples", caption: "From a little before the first change", limit: 20})] : null);
}

function sampleSection() {
  const {samples, task} = documentData;
  if (samples.length === 0) return null;
  const pieceList = (name, {count, pieces}) => el("div", {}, el("h3", {}, name, el("span", {class: "muted"}, ` ${formatNumber(count)} tokens`)), el("ul", {class: "pieces"}, pieces.map((piece) => el("li", {}, corpusText(piece)))), count > pieces.length ? el("p", {class: "muted"}, `and ${formatNumber(count - pieces.length)} more`) : null);
  return section("samples", "What the model will see", samples.map((sample) => el("div", {"data-line": sample.line}, el("p", {class: "muted"}, `line ${formatNumber(sample.line)}`), sample.source ? pieceList("Source", sample.source) : null, pieceList(task === "classification" ? "Label" : task === "language-model" ? "Text" : "Target", sample.target))));
}

if (documentData === null) {
  page.append(el("h1", {}, "Prepared data"), el("p", {}, "This viewer has no data. attnzoo-data inspect RECIPE.json --report FILE.html makes a page with it."));
} else {
  page.append(...[el("h1", {}, "Data of ", corpusText(documentData.name)), el("p", {class: "muted"}, `task ${documentData.task}`), figures(), cleaningSection(), labelSection(), lengthSection(), ratioSection(), misalignedSection(),
    roundTripSection(), coverageSection(), pieceSection(), sampleSection()].filter(Boolean));
}
