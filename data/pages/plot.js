// Plots drawn as SVG: lines over a numeric axis, bars, and heat maps on a canvas. Each is a figure with its caption, a line that reads out the
// value under the pointer or the arrow keys, and the same numbers as a table. Needs page.js and page.css.
"use strict";

const kSeriesColours = 6;
const kDashes = ["", "6 3", "2 3"];  // a second sign beside the colour, and a difference where there are more series than colours

function seriesStyle(index) {
  return {stroke: `var(--series-${(index % kSeriesColours) + 1})`, "stroke-dasharray": kDashes[Math.floor(index / kSeriesColours) % kDashes.length]};
}

// At most about `count` round values from low to high.
function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const values = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k) values.push(Number((k * step).toPrecision(12)));
  return values;
}

// Powers of ten, with 2 and 5 between them where there is room.
function logTicks(low, high) {
  const inside = (factors) => {
    const values = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
      for (const factor of factors) values.push(Number((factor * 10 ** power).toPrecision(12)));
    return values.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  };
  const chosen = [[1], [1, 3], [1, 2, 5]].map(inside).find((values) => values.length >= 3);
  return chosen || ticks(low, high, 4).filter((value) => value > 0);
}

function makeScale(low, high, from, to, log) {
  const place = log ? Math.log : (value) => value;
  const [a, b] = [place(low), place(high)];
  return (value) => (b === a ? (from + to) / 2 : from + ((place(value) - a) / (b - a)) * (to - from));
}

function shortNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return formatNumber(value / 1e9, 3) + "G";
  if (size >= 1e6) return formatNumber(value / 1e6, 3) + "M";
  if (size >= 1e4) return formatNumber(value / 1e3, 3) + "k";
  return formatNumber(value, 3);
}

// Draws `draw(width)` now and whenever the figure's width changes.
function drawnToWidth(holder, draw) {
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(holder.clientWidth);
    if (now > 0 && now !== width) draw((width = now));
  }).observe(holder);
}

// The axes of a plot of `width` x `height` px around the area `box`; returns an SVG group.
function axes(box, xTicks, yTicks, xScale, yScale, xLabel, yLabel, xText = shortNumber) {
  const group = svg("g", {"aria-hidden": "true"});
  for (const value of yTicks) {
    const y = yScale(value);
    group.append(svg("path", {class: "grid-line", d: `M${box.left} ${y}H${box.right}`}), svg("text", {x: box.left - 6, y: y + 4, "text-anchor": "end"}, shortNumber(value)));
  }
  for (const value of xTicks) group.append(svg("text", {x: xScale(value), y: box.bottom + 16, "text-anchor": "middle"}, xText(value)));
  group.append(svg("path", {class: "axis", d: `M${box.left} ${box.top}V${box.bottom}H${box.right}`}));
  if (xLabel) group.append(svg("text", {x: (box.left + box.right) / 2, y: box.bottom + 34, "text-anchor": "middle"}, xLabel));
  if (yLabel) group.append(svg("text", {x: box.left - 6, y: box.top - 8, "text-anchor": "start"}, yLabel));
  return group;
}

function legendOf(names) {
  if (names.length < 2) return null;
  return el("ul", {class: "legend"}, names.map((name, index) =>
      el("li", {}, svg("svg", {viewBox: "0 0 28 10", "aria-hidden": "true"}, svg("path", {d: "M0 5H28", "stroke-width": 3, fill: "none", style: seriesStyle(index)})), corpusText(name))));
}

// The numbers of a plot as a table, made when it is opened.
function numbersTable(caption, heads, rowsOf) {
  const details = el("details", {}, el("summary", {}, "Numbers as a table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const rows = rowsOf();
    details.append(el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
        el("table", {}, el("caption", {class: "visually-hidden"}, caption), el("thead", {}, el("tr", {}, heads.map((head) => el("th", {scope: "col"}, head)))),
           el("tbody", {}, rows.map((row) => el("tr", {}, row.map((value, index) => el(index === 0 ? "th" : "td", {scope: index === 0 ? "row" : null, class: "number"}, typeof value === "number" ? formatNumber(value, 6) : value ?? "–")))))))); 
  });
  return details;
}

// One plot with a reading position that the pointer and the arrow keys move. num: how many positions; readAt(k): text; place(k): x in px.
function withReader(picture, readout, num, placeOf, readAt) {
  let position = -1;
  const cursor = svg("path", {class: "axis", stroke: "var(--muted)", "stroke-dasharray": "2 2"});
  function show(k) {
    position = Math.max(0, Math.min(num() - 1, k));
    if (num() === 0) return;
    const x = placeOf(position);
    cursor.setAttribute("d", `M${x} 0V1000`);
    readout.textContent = readAt(position);
  }
  picture.addEventListener("pointermove", (event) => {
    const x = event.clientX - picture.getBoundingClientRect().left;
    let best = 0;
    for (let k = 1; k < num(); ++k) if (Math.abs(placeOf(k) - x) < Math.abs(placeOf(best) - x)) best = k;
    show(best);
  });
  picture.addEventListener("keydown", (event) => {
    const step = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity}[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(step === Infinity ? num() - 1 : step === -Infinity ? 0 : position + step);
  });
  picture.addEventListener("focus", () => show(position < 0 ? num() - 1 : position));
  return cursor;
}

// series: [{name, points: [[x, y], ...]}] with x ascending; null y leaves a gap. options: id, xLabel, yLabel, log (y axis), height, yFrom (a value the axis must include).
function linePlot(title, series, options = {}) {
  const known = series.map((one) => ({...one, points: one.points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!options.log || y > 0))}));
  const xs = [...new Set(known.flatMap((one) => one.points.map(([x]) => x)))].sort((a, b) => a - b);
  const readout = el("div", {class: "readout", role: "status"});
  const height = options.height || 240;
  const picture = svg("svg", {class: "plot", height, tabindex: "0", role: "img", "aria-label": `${title}: line plot; arrow keys read values out`});
  const holder = el("div", {}, picture);
  const figure = el("figure", {id: options.id}, el("figcaption", {}, title), legendOf(series.map((one) => one.name)), holder, readout,
                    numbersTable(title, [options.xLabel || "x", ...series.map((one) => one.name)], () => {
                      const byX = known.map((one) => new Map(one.points));
                      return xs.map((x) => [x, ...byX.map((points) => points.get(x))]);
                    }));
  if (xs.length === 0) {
    holder.replaceChildren(el("p", {class: "muted"}, "No values."));
    return figure;
  }
  let ys = known.flatMap((one) => one.points.map(([, y]) => y));
  if (options.yFrom !== undefined) ys = ys.concat([options.yFrom]);
  let low = ys.reduce((a, b) => Math.min(a, b)), high = ys.reduce((a, b) => Math.max(a, b));
  if (low === high) [low, high] = options.log ? [low / 2, high * 2] : [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1];
  let xScale = (x) => x;
  // The value of each series nearest to x.
  const nearest = (points, x) => {
    let [a, b] = [0, points.length - 1];
    while (b - a > 1) { const middle = (a + b) >> 1; if (points[middle][0] <= x) a = middle; else b = middle; }
    return Math.abs(points[a][0] - x) <= Math.abs(points[b][0] - x) ? points[a] : points[b];
  };
  const readAt = (k) => `${options.xLabel || "x"} ${formatNumber(xs[k], 6)}: ` +
      known.filter((one) => one.points.length).map((one) => `${known.length > 1 ? one.name + " " : ""}${formatNumber(nearest(one.points, xs[k])[1], 5)}`).join(", ");
  const cursor = withReader(picture, readout, () => xs.length, (k) => xScale(xs[k]), readAt);
  drawnToWidth(holder, (width) => {
    const box = {left: 52, right: width - 12, top: 22, bottom: height - 40};
    xScale = makeScale(xs[0], xs[xs.length - 1], box.left, box.right);
    const yScale = makeScale(low, high, box.bottom, box.top, options.log);
    picture.replaceChildren(
        axes(box, xs.length > 1 ? ticks(xs[0], xs[xs.length - 1], width / 90) : xs, options.log ? logTicks(low, high) : ticks(low, high, 5), xScale, yScale, options.xLabel, options.yLabel),
        ...known.filter((one) => one.points.length > 1).map((one) =>
            svg("path", {class: "series", style: seriesStyle(known.indexOf(one)), d: "M" + one.points.map(([x, y]) => `${xScale(x).toFixed(1)} ${yScale(y).toFixed(1)}`).join("L")})),
        // Few points are marked, and a single one would not be seen otherwise.
        ...known.flatMap((one, index) => (one.points.length > 30 ? [] : one.points.map(([x, y]) => svg("circle", {cx: xScale(x), cy: yScale(y), r: 2.5, style: {fill: seriesStyle(index).stroke}})))), cursor);
  });
  return figure;
}

// groups: labels along the x axis; series: [{name, values: [one per group]}]. options: id, xLabel, yLabel, height, intervals: per series, [[low, high] per group].
function barPlot(title, groups, series, options = {}) {
  const readout = el("div", {class: "readout", role: "status"});
  const height = options.height || 240;
  const picture = svg("svg", {class: "plot", height, tabindex: "0", role: "img", "aria-label": `${title}: bar plot; arrow keys read values out`});
  const holder = el("div", {}, picture);
  const figure = el("figure", {id: options.id}, el("figcaption", {}, title), legendOf(series.map((one) => one.name)), holder, readout,
                    numbersTable(title, [options.xLabel || "", ...series.map((one) => one.name)], () => groups.map((group, k) => [group, ...series.map((one) => one.values[k])])));
  const values = series.flatMap((one) => one.values.concat((one.intervals || []).flat())).filter((value) => Number.isFinite(value));
  if (groups.length === 0 || values.length === 0) {
    holder.replaceChildren(el("p", {class: "muted"}, "No values."));
    return figure;
  }
  const low = Math.min(0, ...values), high = Math.max(values.some((value) => value > 0) ? 0 : 1, ...values);
  let centre = () => 0;
  const cursor = withReader(picture, readout, () => groups.length, (k) => centre(k),
      (k) => `${groups[k]}: ` + series.map((one) => `${series.length > 1 ? one.name + " " : ""}${formatNumber(one.values[k], 5)}`).join(", "));
  drawnToWidth(holder, (width) => {
    const box = {left: 52, right: width - 8, top: 22, bottom: height - 40};
    const yScale = makeScale(low, high, box.bottom, box.top);
    const slot = (box.right - box.left) / groups.length;
    centre = (k) => box.left + slot * (k + 0.5);
    const bar = Math.max(1, (slot * 0.8) / series.length);
    const bars = series.map((one, s) => svg("g", {style: {fill: seriesStyle(s).stroke, stroke: "var(--ink)"}}, one.values.map((value, k) => {
      if (!Number.isFinite(value)) return null;
      const x = centre(k) - (bar * series.length) / 2 + bar * s;
      const [top, bottom] = [yScale(Math.max(0, value)), yScale(Math.min(0, value))];
      const interval = one.intervals && one.intervals[k];
      return [svg("rect", {x, y: top, width: Math.max(1, bar - (bar > 4 ? 1 : 0)), height: Math.max(0.5, bottom - top), stroke: "none"}),
              interval ? svg("path", {d: `M${x + bar / 2} ${yScale(interval[0])}V${yScale(interval[1])}`, "stroke-width": 1.5}) : null];
    })));
    const widest = Math.max(...groups.map((group) => String(group).length)) * 7.5 + 10;
    const every = Math.ceil(widest / slot);
    const shown = groups.map((_, k) => k).filter((k) => k % every === 0);
    picture.replaceChildren(axes(box, shown, ticks(low, high, 5), centre, yScale, options.xLabel, options.yLabel, (k) => groups[k]), ...bars, cursor);
  });
  return figure;
}

// A matrix as squares on a canvas, with labels. value(i, j) is in 0..1; rows and columns are labels. options: id, cell (px), table (default
// true), onPoint(i, j) when the pointer or the arrow keys reach a cell, onLeave(), onPick(i, j) at a click or Enter, max (the value of the full colour).
// Returns {figure, redraw, point(i, j)}.
function heatMap(title, rows, columns, value, options = {}) {
  const cell = options.cell || 18, labels = options.labels !== false;
  const widest = (names) => Math.min(140, Math.max(0, ...names.map((name) => [...String(name)].length)) * 7.3 + 8);
  const left = labels ? widest(rows) : 0, top = labels ? widest(columns) : 0;
  const width = left + columns.length * cell + 1, height = top + rows.length * cell + 1;
  const canvas = el("canvas", {tabindex: "0", role: "img", "aria-label": `${title}: heat map of ${rows.length} rows and ${columns.length} columns; arrow keys read values out`,
                               style: {width: width + "px", height: height + "px", "max-width": "none"}});
  const readout = el("div", {class: "readout", role: "status"});
  let [row, column] = [-1, -1];

  function shorten(text, room) {
    const letters = [...String(text)], most = Math.floor((room - 8) / 7.3);
    return letters.length > most ? letters.slice(0, Math.max(1, most - 1)).join("") + "…" : letters.join("");
  }
  function redraw() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.ceil(width * ratio);
    canvas.height = Math.ceil(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const most = options.max ? options.max() : 1;
    const heat = cssVariable("--heat");
    for (let i = 0; i < rows.length; ++i)
      for (let j = 0; j < columns.length; ++j) {
        context.fillStyle = `rgba(${heat}, ${Math.max(0, Math.min(1, value(i, j) / most)).toFixed(3)})`;
        context.fillRect(left + j * cell, top + i * cell, cell - (cell > 6 ? 1 : 0), cell - (cell > 6 ? 1 : 0));
      }
    context.strokeStyle = cssVariable("--line");
    context.strokeRect(left + 0.5, top + 0.5, columns.length * cell, rows.length * cell);
    if (labels) {
      context.font = `12px ${cssVariable("--mono")}`;
      context.textBaseline = "middle";
      rows.forEach((name, i) => {
        context.fillStyle = cssVariable(i === row ? "--ink" : "--muted");
        context.textAlign = "right";
        context.fillText(shorten(name, left), left - 5, top + (i + 0.5) * cell);
      });
      columns.forEach((name, j) => {
        context.save();
        context.translate(left + (j + 0.5) * cell, top - 5);
        context.rotate(-Math.PI / 2);
        context.fillStyle = cssVariable(j === column ? "--ink" : "--muted");
        context.textAlign = "left";
        context.fillText(shorten(name, top), 0, 0);
        context.restore();
      });
    }
    if (row >= 0 && column >= 0) {
      context.strokeStyle = cssVariable("--ink");
      context.strokeRect(left + column * cell + 0.5, top + row * cell + 0.5, cell - 1, cell - 1);
    }
  }
  function point(i, j, tell = true) {
    [row, column] = [i, j];
    readout.textContent = i >= 0 && j >= 0 ? `${rows[i]} → ${columns[j]}: ${formatNumber(value(i, j), 3)}` : "";
    redraw();
    if (tell && options.onPoint) options.onPoint(i, j);
  }
  function cellAt(event) {
    const box = canvas.getBoundingClientRect();
    const j = Math.floor((event.clientX - box.left - left) / cell), i = Math.floor((event.clientY - box.top - top) / cell);
    return i >= 0 && j >= 0 && i < rows.length && j < columns.length ? [i, j] : null;
  }
  canvas.addEventListener("pointermove", (event) => {
    const at = cellAt(event);
    if (at && (at[0] !== row || at[1] !== column)) point(...at);
  });
  canvas.addEventListener("pointerleave", () => { point(-1, -1, false); if (options.onLeave) options.onLeave(); });
  canvas.addEventListener("click", (event) => { const at = cellAt(event); if (at && options.onPick) options.onPick(...at); });
  canvas.addEventListener("keydown", (event) => {
    const move = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (event.key === "Enter" && row >= 0 && options.onPick) options.onPick(row, column);
    if (!move || rows.length === 0 || columns.length === 0) return;
    event.preventDefault();
    point(Math.max(0, Math.min(rows.length - 1, Math.max(row, 0) + (row < 0 ? 0 : move[0]))), Math.max(0, Math.min(columns.length - 1, Math.max(column, 0) + (column < 0 ? 0 : move[1]))));
  });
  onThemeChange(redraw);
  redraw();
  const figure = el("figure", {id: options.id}, el("figcaption", {}, title), el("div", {class: "scroll"}, canvas), readout,
                    options.table === false ? null : numbersTable(title, ["", ...columns], () => rows.map((name, i) => [name, ...columns.map((_, j) => value(i, j))])));
  return {figure, redraw, point};
}
