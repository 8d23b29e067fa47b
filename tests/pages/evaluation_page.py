"""evaluation_page.py PAGE JSON: opens a page of attnzoo-eval --report and compares what it shows with the report as JSON."""
import json
import sys

from browser import Browser, check, check_equal

page, document = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
browser = Browser()
browser.open(page)
if document["task"] == "language_model":
    check_equal(browser.text('[data-figure="tokens"] b'), f'{document["tokens"]:,}', "tokens")
    check(browser.run("return document.querySelectorAll('#plot-position path.series, #plot-position circle').length") > 0, "no curve of the loss")
else:
    rows = [row.split("|") for row in browser.run("return [...document.querySelectorAll('#scores-table tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent).join('|'))")]
    index = 0
    for metric in document["metrics"]:
        for system, one in enumerate(metric["systems"]):
            check_equal(rows[index][:3], [metric["name"], document["systems"][system], f'{one["score"]:.2f}'], "a score")
            check_equal(rows[index][3], f'{one["low"]:.2f} – {one["high"]:.2f}', "an interval")
            if system > 0:
                check_equal(rows[index][5], "< 0.001" if one["p_value"] < 0.001 else f'{one["p_value"]:.3f}', "a p-value")
            index += 1
    # Sorting by score.
    browser.click("#scores-table thead th:nth-child(3) button")
    scores = [float(text) for text in browser.texts("#scores-table tbody td:nth-child(3)")]
    check_equal(scores, sorted(scores, reverse=True), "the scores sorted")
if document["task"] == "translation":
    first = browser.run("return document.querySelector('#sentence-list .sentence').dataset.line")
    browser.choose("#sentence-order", "worst")
    worst = min(range(len(document["references"])), key=lambda i: (sum(scores[i] for scores in document["sentence_bleu"]), i))
    check_equal(browser.run("return Number(document.querySelector('#sentence-list .sentence').dataset.line)"), worst + 1, "the worst sentence")
    word = document["references"][worst].split()[0].lower()
    browser.type("#sentence-filter", word)
    expected = sum(any(word in text[i].lower() for text in [document["references"], *document["outputs"]] + ([document["sources"]] if document["sources"] else [])) for i in range(len(document["references"])))
    check(f" of {expected:,} sentences that match" in browser.text("#sentences p[role=status]"), f"the filter for {word!r} should find {expected}")
    check(browser.run("return document.querySelectorAll('#sentence-list mark').length") >= 0 and first is not None, "no sentences")
if document["task"] == "classification":
    browser.run("document.querySelector('#confusion-0 details').open = true")
    import time

    time.sleep(0.2)
    cells = [int(text.replace(",", "")) for text in browser.texts("#confusion-0 tbody td")]
    check_equal(cells, [count for row in document["confusion"][0] for count in row], "the confusion table")
browser.check_layout()
browser.check_quiet()
browser.close()
print("agrees")
