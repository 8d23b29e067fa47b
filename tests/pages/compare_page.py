"""compare_page.py PAGE LOG: opens the page of attnzoo-train compare, of a run with itself, and compares its curves with log.jsonl."""
import json
import sys
import time

from browser import Browser, check, check_equal

page = sys.argv[1]
entries = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
train = [entry for entry in entries if entry["event"] == "train"]
validations = [entry for entry in entries if entry["event"] == "validation"]
browser = Browser()
browser.open(page)
browser.run("for (const one of document.querySelectorAll('figure details')) one.open = true")
time.sleep(0.3)
for plot, wanted in (("training-loss", train), ("validation-loss", validations)):
    rows = browser.run(f"return [...document.querySelectorAll('#plot-{plot} tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    check_equal(len(rows), len(wanted), f"rows of {plot}")
    for (step, one, other), entry in zip(rows, wanted):
        check_equal(step.replace(",", ""), str(entry["step"]), "a step")
        check(one == other and abs(float(one) - entry["loss"]) < 1e-4, f"{plot} at step {step}: {one}, {other}")
check_equal(len(browser.texts("#plot-training-loss .legend li")), 2, "names in the legend")
browser.check_layout()
browser.check_quiet()
browser.close()
print(f"{len(train)} reports of two runs agree")
