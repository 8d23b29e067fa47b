"""compare_page.py PAGE LOG LOG ...: opens a page of attnzoo-train compare and compares what it shows with the runs' log.jsonl."""
import json
import sys
import time

from browser import Browser, check, check_equal, page_data

page, logs = sys.argv[1], [[json.loads(line) for line in open(name, encoding="utf-8")] for name in sys.argv[2:]]
data = page_data(page)
check_equal(len(data["runs"]), len(logs), "runs")
browser = Browser()
browser.open(page)
check_equal(browser.text("h1"), f"{len(logs)} runs compared", "the title")
browser.run("for (const one of document.querySelectorAll('figure details')) one.open = true")
time.sleep(0.3)


def curve(plot):
    """{step: [one value per run, None where it has none]}"""
    rows = browser.run("return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map((row) => [...row.children].map((cell) => cell.textContent))", plot)
    return {int(row[0].replace(",", "")): [None if text == "–" else float(text.replace(",", "")) for text in row[1:]] for row in rows}


for plot, event in (("plot-training-loss", "train"), ("plot-validation-loss", "validation")):
    expected = {}
    for index, log in enumerate(logs):
        for entry in log:
            if entry["event"] == event:
                expected.setdefault(entry["step"], [None] * len(logs))[index] = entry["loss"]
    shown = curve(plot)
    check_equal(sorted(shown), sorted(expected), f"steps of {plot}")
    for step, values in expected.items():
        for a, b in zip(shown[step], values):
            check((a is None) == (b is None) and (a is None or abs(a - b) < 1e-4 * max(1, abs(b))), f"{plot} at step {step}: {shown[step]}, expected {values}")
    names = browser.texts(f"#{plot} .legend li")
    check_equal(names, [run["run"] for run in data["runs"]], f"the legend of {plot}")

heads = browser.texts("#runs-table thead th")
rows = browser.run("return [...document.querySelectorAll('#runs-table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
check_equal([row[0] for row in rows], [run["run"] for run in data["runs"]], "runs of the table")
for row, log in zip(rows, logs):
    check_equal(row[heads.index("Steps")], f'{max(entry["step"] for entry in log if "step" in entry):,}', "steps")
    best = max(entry["bleu"] for entry in log if entry["event"] == "validation")
    check(abs(float(row[heads.index("best BLEU")]) - best) < 0.01, f"best BLEU: {row}, expected {best}")
browser.run("const plot = document.querySelector('#plot-training-loss svg.plot'); plot.focus(); plot.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}))")
check(data["runs"][0]["run"] in browser.text("#plot-training-loss .readout"), "arrow keys do not name the runs")
# Sorted by steps.
browser.click(f"#runs-table thead th:nth-child({heads.index('Steps') + 1}) button")
steps = [int(text.replace(",", "")) for text in browser.texts(f"#runs-table tbody td:nth-child({heads.index('Steps') + 1})")]
check_equal(steps, sorted(steps, reverse=True), "the runs sorted by steps")
# Fields that differ, and no others.
shown = browser.texts("#differences-table tbody td:first-child")
check("train.max_steps" in shown and "model.family" not in shown, f"fields that differ: {shown}")
browser.type("#differences-table-filter", "max_steps")
check_equal(browser.texts("#differences-table tbody td:first-child"), ["train.max_steps"], "filtered fields")
browser.check_layout()
browser.check_quiet()
browser.close()
print(f"{len(logs)} runs agree")
