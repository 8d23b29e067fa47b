// The page of a training run, and of several laid over one another (train/run_report.h): figures, curves, time, samples, recipe.
"use strict";

const page = document.getElementById("page");
const documentData = pageData();

const kLowerIsBetter = new Set(["loss", "perplexity"]);
const kNotMetrics = new Set(["event", "step", "epoch", "elapsed_s", "best", "samples", "seconds", "tokens", "num_tokens"]);
const isClassifier = (run) => run.config && run.config.task === "classification";
// Where no label is said, accuracy is the share of right next tokens.
const tokenAccuracy = documentData && !documentData.runs.some(isClassifier);
const kMetricNames = {bleu: "BLEU", chrf: "chrF", loss: "loss", perplexity: "perplexity", accuracy: tokenAccuracy ? "token accuracy" : "accuracy", macro_f1: "macro-F1"};
const metricName = (key) => kMetricNames[key] || key.replaceAll("_", " ");

function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours ? `${hours} h ${String(minutes).padStart(2, "0")} min` : minutes ? `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s` : `${seconds.toFixed(1)} s`;
}

// Every number of the validations but their place in time.
function metricsOf(runs) {
  const keys = new Set();
  for (const run of runs) for (const entry of run.validations) for (const [key, value] of Object.entries(entry)) if (typeof value === "number" && !kNotMetrics.has(key)) keys.add(key);
  const first = runs[0].best_metric;
  return [...keys].sort((a, b) => (b === first) - (a === first) || a.localeCompare(b));
}

function bestOf(run, key) {
  const entries = run.validations.filter((entry) => Number.isFinite(entry[key]));
  if (entries.length === 0) return null;
  return entries.reduce((best, entry) => ((kLowerIsBetter.has(key) ? entry[key] < best[key] : entry[key] > best[key]) ? entry : best));
}

const lastEntry = (run) => [...run.train, ...run.validations, ...(run.end ? [run.end] : [])].reduce((last, entry) => (!last || entry.step >= last.step ? entry : last), null);
const modelText = (run) => (run.config && run.config.model ? [run.config.model.family, run.config.model.preset].filter(Boolean).join(" ") : "");

function figuresOf(run) {
  const last = lastEntry(run), main = run.best_metric, best = bestOf(run, main);
  return keyFigures([
    best ? [formatNumber(best[main]), `best ${metricName(main)}, step ${formatNumber(best.step)}`, "best"] : null,
    last ? [formatNumber(last.step), "steps", "steps"] : null,
    last ? [duration(last.elapsed_s), "of training", "time"] : null,
    run.start ? [shortNumber(run.start.parameters), "parameters", "parameters"] : null,
    run.train.length ? [shortNumber(run.train[run.train.length - 1].target_tokens_per_s), "target tokens per second", "speed"] : null,
  ].filter(Boolean));
}

function curves(runs) {
  const several = runs.length > 1, names = runs.map((run) => run.run);
  const seriesOf = (entriesOf, key) => runs.map((run, index) => ({name: names[index], points: entriesOf(run).map((entry) => [entry.step, entry[key] ?? NaN])}));
  const train = (run) => run.train, validations = (run) => run.validations;
  const plots = [];
  const add = (id, title, series, options) => { if (series.some((one) => one.points.some(([, y]) => Number.isFinite(y)))) plots.push(linePlot(title, series, {id, xLabel: "step", ...options})); };
  if (several) {
    add("plot-training-loss", "Training loss", seriesOf(train, "loss"), {yLabel: "nats per token"});
    add("plot-validation-loss", "Validation loss", seriesOf(validations, "loss"), {yLabel: "nats per token"});
  } else {
    add("plot-loss", "Loss", [{...seriesOf(train, "loss")[0], name: "training (smoothed labels, dropout)"}, {...seriesOf(validations, "loss")[0], name: "validation"}], {yLabel: "nats per token"});
  }
  for (const key of metricsOf(runs)) if (key !== "loss") add(`plot-${key}`, `Validation: ${metricName(key)}`, seriesOf(validations, key), {});
  add("plot-learning_rate", "Learning rate", seriesOf(train, "learning_rate"), {});
  add("plot-gradient_norm", "Gradient norm, before clipping", seriesOf(train, "gradient_norm"), {});
  add("plot-target_tokens_per_s", "Target tokens per second", seriesOf(train, "target_tokens_per_s"), {yFrom: 0});
  add("plot-memory_mb", "Memory", seriesOf(train, "memory_mb"), {yLabel: "MB", yFrom: 0});
  return section("curves", "Curves", plots.length ? el("div", {class: "grid"}, plots) : el("p", {class: "muted"}, "Nothing was reported yet."));
}

function timeSection(run) {
  const seconds = run.end && run.end.seconds;
  if (!seconds) return null;
  const total = run.end.elapsed_s || Object.values(seconds).reduce((a, b) => a + b, 0);
  const shares = Object.entries(seconds).filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  return section("time", "Where the time went", el("div", {class: "shares"}, shares.map(([name, value]) => [
    el("span", {}, name), el("div", {class: "bar"}, el("span", {style: {width: (100 * value) / total + "%"}})), el("span", {class: "number"}, `${formatPercent(value / total)} · ${duration(value)}`)])));
}

function sampleSection(run) {
  const withSamples = run.validations.filter((entry) => Array.isArray(entry.samples) && entry.samples.length);
  if (withSamples.length === 0) return null;
  const first = withSamples[0].samples;
  // At most a dozen stages of each sample, the last one included.
  const every = Math.ceil(withSamples.length / 12);
  const stages = withSamples.filter((_, index) => (withSamples.length - 1 - index) % every === 0);
  const leftOut = every > 1 ? el("p", {class: "muted"}, `${stages.length} of ${withSamples.length} validations; log.jsonl has all.`) : null;
  return section("samples", "Validation samples as they changed", leftOut, el("div", {class: "samples"}, first.map((sample, k) => el("dl", {},
      el("dt", {}, "source"), el("dd", {}, corpusText(sample.source)), el("dt", {}, "reference"), el("dd", {}, corpusText(sample.reference)),
      stages.filter((entry) => entry.samples[k]).map((entry) => [el("dt", {}, `step ${formatNumber(entry.step)}`), el("dd", {}, corpusText(entry.samples[k].output || "(empty)"))])))));
}

function validationTable(runs) {
  const metrics = metricsOf(runs);
  if (metrics.length === 0) return null;
  if (runs.length > 1) {
    const columns = [{title: "Run", value: (run) => run.run, show: (run) => corpusText(run.run)}, {title: "Model", value: modelText},
      {title: "Parameters", value: (run) => (run.start ? run.start.parameters : NaN), number: true}, {title: "Steps", value: (run) => (lastEntry(run) || {}).step, number: true},
      {title: "Time", value: (run) => (lastEntry(run) || {}).elapsed_s, show: (run) => duration((lastEntry(run) || {}).elapsed_s), number: true},
      ...metrics.map((key) => ({title: `best ${metricName(key)}`, value: (run) => (bestOf(run, key) || {})[key], number: true})),
      {title: "Ended by", value: (run) => (run.end ? run.end.reason : "")}];
    return section("runs", "Runs", dataTable(columns, runs, {id: "runs-table", caption: "One row per run; a title sorts", rowHeads: true}));
  }
  const columns = [{title: "Step", value: (entry) => entry.step, number: true}, {title: "Time", value: (entry) => entry.elapsed_s, show: (entry) => duration(entry.elapsed_s), number: true},
    ...metrics.map((key) => ({title: metricName(key), value: (entry) => entry[key], number: true})), {title: "", value: (entry) => (entry.best ? "best so far" : "")}];
  return section("validations", "Validations", dataTable(columns, runs[0].validations, {id: "validations-table", caption: "A title sorts", limit: 50}));
}

function flatten(value, prefix = "", result = new Map()) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) for (const [key, inner] of Object.entries(value)) flatten(inner, prefix ? `${prefix}.${key}` : key, result);
  else result.set(prefix, typeof value === "string" ? value : JSON.stringify(value));
  return result;
}

function recipeSection(runs) {
  const flat = runs.map((run) => flatten(run.config || {}));
  if (runs.length === 1) return section("recipe", "Recipe", el("details", {}, el("summary", {}, "All fields, as the run used them"), el("pre", {}, JSON.stringify(runs[0].config, null, 2))));
  const keys = [...new Set(flat.flatMap((fields) => [...fields.keys()]))].filter((key) => new Set(flat.map((fields) => fields.get(key))).size > 1).sort();
  const columns = [{title: "Field", value: (key) => key}, ...runs.map((run, index) => ({title: run.run, value: (key) => flat[index].get(key) ?? "", show: (key) => corpusText(flat[index].get(key) ?? "–")}))];
  return section("differences", "Where the recipes differ", keys.length ? dataTable(columns, keys, {id: "differences-table", filter: "Filter fields", caption: `${keys.length} ${keys.length === 1 ? "field" : "fields"}`}) : el("p", {}, "They do not."));
}

function cleaningSection(run) {
  if (!run.cleaning) return null;
  const parts = Object.entries(run.cleaning).filter(([, report]) => report && Array.isArray(report.reasons)).map(([part, report]) => {
    const reasons = report.reasons.filter((reason) => reason.num_pairs > 0);
    return el("div", {}, el("h3", {}, part === "train" ? "Training text" : "Validation text"), el("p", {}, `${formatNumber(report.num_kept)} of ${formatNumber(report.num_read)} kept.`),
        reasons.length ? el("table", {}, el("thead", {}, el("tr", {}, ["Reason", "Pairs", "", "Example"].map((head) => el("th", {scope: "col"}, head)))), el("tbody", {}, reasons.map((reason) =>
            el("tr", {}, el("th", {scope: "row"}, reason.name), el("td", {class: "number"}, formatNumber(reason.num_pairs)), el("td", {}, reason.action), el("td", {}, corpusText(reason.example || "")))))) : null);
  });
  return parts.length ? section("cleaning", "What cleaning did", el("div", {class: "grid"}, parts)) : null;
}

function nextSection(run) {
  if (!run.next || run.next.length === 0) return null;
  return section("next", "How to go on", el("dl", {class: "commands"}, run.next.map(([what, command]) => [el("dt", {}, what), el("dd", {}, el("pre", {}, command))])));
}

if (documentData === null) {
  page.append(el("h1", {}, "Training"), el("p", {}, "This viewer has no data. attnzoo-train writes report.html into the folder of a run, and attnzoo-train compare RUN RUN --out FILE.html compares runs."));
} else {
  const runs = documentData.runs, single = runs.length === 1 ? runs[0] : null;
  const status = single && (single.end ? `Ended: ${single.end.reason}.` : "Not ended: training, or stopped by a crash.");
  page.append(...[el("h1", {}, single ? "Training of " : `${runs.length} runs compared`, single ? corpusText(single.run) : null),
    single ? el("p", {class: "muted"}, [modelText(single), status].filter(Boolean).join(" · ")) : null, single ? figuresOf(single) : validationTable(runs), curves(runs),
    single ? timeSection(single) : null, single ? sampleSection(single) : null, single ? validationTable(runs) : null, single ? cleaningSection(single) : null, recipeSection(runs), single ? nextSection(single) : null].filter(Boolean));
}
