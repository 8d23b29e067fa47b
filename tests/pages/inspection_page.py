"""inspection_page.py PAGE JSON: opens a page of attnzoo-data inspect --report and compares what it shows with the report as JSON."""
import json
import sys
import time

from browser import Browser, check, check_equal

page = sys.argv[1]
data = json.load(open(sys.argv[2], encoding="utf-8"))
browser = Browser()
browser.open(page)
check_equal(browser.text('[data-figure="train"] b'), f'{data["train_pairs"]:,}', "training pairs")
check_equal(browser.text('[data-figure="dropped"] b'), f'{data["train"]["read"] - data["train"]["kept"]:,}', "dropped pairs")
browser.run("for (const one of document.querySelectorAll('figure details')) one.open = true")
time.sleep(0.3)
for side in ("source", "target"):
    counts = browser.texts(f"#plot-{side}-lengths tbody td")
    check_equal(sum(int(count.replace(",", "")) for count in counts), data["train_pairs"], f"pairs in the histogram of the {side}")
check_equal([int(count.replace(",", "")) for count in browser.texts("#plot-ratios tbody td")], data["ratios"], "the ratios")
check_equal(len(browser.texts("#coverage-table tbody tr")), len(data["coverage"]), "rows of coverage")
check_equal(browser.texts("#cleaned-table tbody td:nth-child(3)"), [pair["source"] for pair in data["cleaned"]], "what was dropped")
check_equal(browser.texts("#source-pieces-table tbody td:nth-child(2)"), [text for text, _ in data["source_pieces"][:20]], "the pieces")
examples = data["misaligned"]["examples"]
if examples:
    check_equal(browser.texts("#misaligned-table tbody td:nth-child(4)"), [pair["source"] for pair in examples[:20]], "the doubtful pairs")
# Sorting and filtering.
browser.click("#source-pieces-table th:nth-child(3) button")
counts = [int(count.replace(",", "")) for count in browser.texts("#source-pieces-table tbody td:nth-child(3)")]
check_equal(counts, sorted(counts, reverse=True), "pieces sorted by count")
word = data["source_pieces"][0][0]
browser.type("#source-pieces-table-filter", word)
check(all(word.lower() in text.lower() for text in browser.texts("#source-pieces-table tbody tr")), "the filter lets others through")
browser.run("const plot = document.querySelector('#plot-ratios svg.plot'); plot.focus(); plot.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}))")
check(browser.text("#plot-ratios .readout").endswith(f'{data["ratios"][0]:,}'), f'the readout is {browser.text("#plot-ratios .readout")!r}')
browser.check_layout()
browser.check_quiet()
browser.close()
print(f"{len(data['cleaned'])} cleaned and {len(examples)} doubtful pairs agree")
