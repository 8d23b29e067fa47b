"""explanation_page.py PAGE JSON_LINES: opens a page of attnzoo-translate --explain and compares what it shows with --format json --attention."""
import json
import math
import sys
import time

from browser import Browser, check, check_equal, page_data

page, json_lines = sys.argv[1:3]
data = page_data(page)
expected = [json.loads(line) for line in open(json_lines, encoding="utf-8")]
begin = time.monotonic()
browser = Browser()
browser.open(page)
opened = browser.run("const t = performance.getEntriesByType('navigation')[0]; return t.domContentLoadedEventEnd")
# A third of a second for the page of make demo, beside a running suite; other tests may slow this one down.
check(opened < 3000, f"the page needed {opened:.0f} ms to be usable")
check_equal(len(browser.texts(".lines li button")), len(expected), "lines")
for number, line in enumerate(expected, 1):
    browser.click(f'.lines button[data-line="{number}"]')
    if not line["source_tokens"]:
        continue
    shown = browser.texts("#output .token .text")
    check_equal([text.replace("▁", "") for text in shown], [text.replace("▁", "") for text in line["tokens"]], f"output tokens of line {number}")
    # The mean over the heads of the last layer is what JSON has.
    for row, weights in enumerate(line["attention"]):
        browser.hover(f'#output .token[data-index="{row}"]')
        lit = [float(text) for text in browser.texts("#source .token small")]
        check_equal(len(lit), len(weights), f"weights of row {row} in line {number}")
        check(max(abs(a - b) for a, b in zip(lit, weights)) < 0.0051, f"line {number}, row {row}: the page shows {lit}, JSON has {weights}")
    entropy = [-sum(w * math.log2(w) for w in row if w > 0) for row in line["attention"]]
    check(max(abs(a - b) for a, b in zip(entropy, data["lines"][number - 1]["hypotheses"][0]["entropy"])) < 0.01, f"entropy of line {number}")

# A head of the first layer, picked in the overview, then read out of the heat map's table.
browser.click('.lines button[data-line="1"]')
if browser.run("return document.querySelector('#overview') !== null"):
    browser.click('#overview button[data-view="cross.1.2"]')
    check_equal(browser.run("return [layer.value, head.value]"), ["1", "2"], "the pickers after choosing a head")
    browser.run("document.querySelector('#matrix details').open = true")
    time.sleep(0.2)
    cells = [float(text) for text in browser.texts("#matrix tbody td")]
    view = next(view for view in data["lines"][0]["hypotheses"][0]["views"] if view["id"] == "cross.1.2")
    import base64
    import struct

    raw = base64.b64decode(view["weights"])
    weights = [value / 65535 for value in struct.unpack(f"<{len(raw) // 2}H", raw)]
    check(len(cells) == len(weights) and max(abs(a - b) for a, b in zip(cells, weights)) < 1e-4, "the table of head cross.1.2")
    for part in ("encoder", "decoder"):
        browser.choose("#part", part)
        check(browser.text("#matrix figcaption") is not None, f"no matrix for {part}")
        browser.hover('#output .token[data-index="0"]' if part == "decoder" else '#source .token[data-index="0"]')
    browser.choose("#part", "cross")

# By keyboard: focus lights a token up as the pointer does, and arrow keys read the matrix.
browser.run("document.querySelector('#output .token').focus()")
check(browser.run("return document.querySelectorAll('#source .token.lit').length") > 0, "focusing a token lights nothing up")
browser.run("const canvas = document.querySelector('#matrix canvas'); for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown']) canvas.dispatchEvent(new KeyboardEvent('keydown', {key}))")
check("→" in browser.text("#matrix .readout"), "arrow keys do not read the matrix out")

# The search: steps that open, and the tree.
if data["lines"][0].get("steps"):
    browser.run("document.querySelector('#search details[data-step=\"1\"]').open = true; document.querySelector('#search-tree').open = true")
    time.sleep(0.2)
    check(len(browser.texts('#search details[data-step="1"] tbody tr')) >= 2, "a step shows no candidates")
    check(browser.run("return document.querySelectorAll('#search-tree .best').length") > 0, "the tree marks no best path")
browser.type("#filter", "no line has this text")
check(all(browser.run("return [...document.querySelectorAll('.lines li')].map((one) => one.hidden)")), "the filter hides nothing")
browser.type("#filter", "")
browser.check_layout()
browser.check_quiet()
browser.close()
print(f"{len(expected)} lines agree, {time.monotonic() - begin:.1f} s")
