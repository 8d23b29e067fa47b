"""run_page.py PAGE LOG: opens the report.html of a run and compares what it shows with log.jsonl."""
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
check_equal(browser.text('[data-figure="steps"] b'), f'{entries[-1]["step"]:,}', "steps")
browser.run("for (const one of document.querySelectorAll('figure details')) one.open = true")
time.sleep(0.3)
rows = browser.run("return [...document.querySelectorAll('#plot-loss tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
shown = {int(step.replace(",", "")): [training, validation] for step, training, validation in rows}
for entry in train:
    check(abs(float(shown[entry["step"]][0]) - entry["loss"]) < 1e-4, f'the training loss at step {entry["step"]}')
for entry in validations:
    check(abs(float(shown[entry["step"]][1]) - entry["loss"]) < 1e-4, f'the validation loss at step {entry["step"]}')
for plot in ("learning_rate", "gradient_norm", "target_tokens_per_s", "memory_mb"):
    check(len(browser.texts(f"#plot-{plot} tbody tr")) == len(train), f"the curve of {plot}")
# The arrow keys read values out.
browser.run("const plot = document.querySelector('#plot-loss svg.plot'); plot.focus(); plot.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}))")
check(browser.text("#plot-loss .readout").startswith(f'step {min(shown):,}'), f'the readout is {browser.text("#plot-loss .readout")!r}')
samples = [entry for entry in validations if entry.get("samples")]
if samples:
    texts = browser.texts("#samples dd")
    check(all(sample["output"] in texts or not sample["output"] for sample in samples[-1]["samples"]), "the last samples are not shown")
browser.check_layout()
browser.check_quiet()
browser.close()
print(f"{len(train)} reports and {len(validations)} validations agree")
