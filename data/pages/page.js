// What the scripts of all pages share: reading the data, building elements, tables. Text reaches the page through text nodes only, so that
// nothing in a corpus can become markup.
"use strict";

// The page's data, as make_page() (data/page.h) put it in; null in a viewer that is opened by itself.
function pageData() {
  return JSON.parse(document.getElementById("data").textContent);
}

function addChildren(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (name === "style") for (const [property, setting] of Object.entries(value)) element.style.setProperty(property, setting);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

// el("p", {class: "muted", on: {click: f}, style: {color: "red"}}, "text", otherElement): children that are null or false are left out.
function el(tag, attributes, ...children) {
  return addChildren(setAttributes(document.createElement(tag), attributes), children);
}

function svg(tag, attributes, ...children) {
  return addChildren(setAttributes(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes), children);
}

// What would reorder its surroundings or show nothing at all, as an escape: controls, bidirectional embeddings, overrides and isolates. The
// same characters as printable() in data/printable.h, but for tabs and line breaks.
function visible(text) {
  return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

// Text from a corpus: kept from mixing its direction with its surroundings. A very long one scrolls.
function corpusText(text, attributes) {
  const value = visible(text);
  return el("bdi", {dir: "auto", class: value.length > 2000 ? "text clipped" : "text", tabindex: value.length > 2000 ? "0" : null, ...attributes}, value);
}

// 1234567 -> "1,234,567", 0.000123456 -> "0.000123", 27.51234 -> "27.51"; "–" for what is not a number.
function formatNumber(value, digits = 4) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2);
  return value.toLocaleString("en-US", {maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size + 1)))});
}

function formatPercent(value, decimals = 1) {
  return typeof value === "number" && Number.isFinite(value) ? (100 * value).toFixed(decimals) + " %" : "–";
}

function keyFigures(figures) {
  return el("div", {class: "figures"}, figures.map(([value, name, id]) => el("div", {"data-figure": id}, el("b", {}, value), el("span", {}, name))));
}

function section(id, title, ...children) {
  return el("section", {id, "aria-labelledby": id + "-title"}, el("h2", {id: id + "-title"}, title), ...children);
}

// A select with a label; options are [value, text] pairs.
function picker(id, label, options, chosen, onChange) {
  const select = el("select", {id, on: {change: () => onChange(select.value)}},
                    options.map(([value, text]) => el("option", {value, selected: value === chosen}, text)));
  return el("label", {for: id}, label, select);
}

function filterBox(id, label, onChange) {
  const input = el("input", {id, type: "search", autocomplete: "off", spellcheck: "false", on: {input: () => onChange(input.value.trim().toLowerCase())}});
  return el("label", {for: id}, label, input);
}

// A table sorted by a click on a column's title. columns: [{title, value(row), show(row), number}], where value sorts and show gives the
// cell (default: the value). options: id, caption, filter (adds a filter box over text(row)), text(row), limit (rows shown at first), sort: [column, descending].
function dataTable(columns, rows, options = {}) {
  const body = el("tbody");
  const status = el("p", {class: "muted", role: "status"});
  const more = el("button", {type: "button", on: {click: () => { limit = Infinity; update(); }}});
  let order = options.sort || null, query = "", limit = options.limit || 200;
  const heads = columns.map((column, index) =>
      el("th", {scope: "col", class: column.number ? "number" : null},
         el("button", {type: "button", on: {click: () => sortBy(index)}}, column.title)));
  const textOf = options.text || ((row) => columns.map((column) => String(column.value(row))).join(" "));

  function sortBy(index) {
    const descending = order && order[0] === index ? !order[1] : Boolean(columns[index].number);
    order = [index, descending];
    update();
  }
  function compare(a, b) {
    const [left, right] = [columns[order[0]].value(a), columns[order[0]].value(b)];
    const missing = (value) => value === null || value === undefined || Number.isNaN(value);
    if (missing(left) || missing(right)) return missing(left) - missing(right);
    const difference = typeof left === "number" ? left - right : String(left).localeCompare(String(right));
    return order[1] ? -difference : difference;
  }
  function cell(column, row, index) {
    const shown = column.show ? column.show(row) : column.number ? formatNumber(column.value(row)) : column.value(row);
    const attributes = {class: column.number ? "number" : null};
    return index === 0 && options.rowHeads ? el("th", {scope: "row", ...attributes}, shown) : el("td", attributes, shown);
  }
  function update() {
    let chosen = query ? rows.filter((row) => textOf(row).toLowerCase().includes(query)) : rows.slice();
    if (order) chosen.sort(compare);
    heads.forEach((head, index) => setAttributes(head, {"aria-sort": order && order[0] === index ? (order[1] ? "descending" : "ascending") : "none"}));
    body.replaceChildren(...chosen.slice(0, limit).map((row) => el("tr", {}, columns.map((column, index) => cell(column, row, index)))));
    status.textContent = query ? `${formatNumber(chosen.length)} of ${formatNumber(rows.length)} match` : "";
    more.textContent = `Show all ${formatNumber(chosen.length)}`;
    more.hidden = chosen.length <= limit;
  }
  update();
  const table = el("table", {id: options.id}, options.caption ? el("caption", {}, options.caption) : null, el("thead", {}, el("tr", {}, heads)), body);
  return el("div", {}, options.filter ? el("div", {class: "controls"}, filterBox((options.id || "table") + "-filter", options.filter, (text) => { query = text; update(); })) : null,
            options.filter ? status : null, el("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": options.caption || "Table"}, table), more);
}

// Calls draw() when the colours change, for what is painted rather than styled.
function onThemeChange(draw) {
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function cssVariable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
