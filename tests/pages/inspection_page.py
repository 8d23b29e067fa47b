"""inspection_page.py PAGE JSON: opens a page of attnzoo-data inspect --report and compares what it shows with the report as JSON."""
import json
import sys
import time

from browser import Browser, check, check_equal

page, report = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
browser = Browser()
browser.open(page)


def shown_change(example, side):
    """White space that changed is shown: a dot for a space, others by their code."""
    if example["change"] != "white space":
        return example[side]
    return "".join("\u00b7" if c == " " else f"\\u{ord(c):04x}" if c.isspace() else c for c in example[side])


def number(value):
    return f"{value:,}"


def cells(table, column):
    return browser.texts(f"#{table} tbody tr > :nth-child({column})")


def open_all():
    browser.run("for (const one of document.querySelectorAll('figure details')) one.open = true")
    browser.run("for (const one of document.querySelectorAll('button')) if (one.textContent.startsWith('Show all')) one.click()")
    time.sleep(0.3)


def check_figures():
    figures = {"train": report["pairs"]["train"], "repeated": report["repeated"]}
    cleaning = report["cleaning"]["train"]
    figures["dropped"] = cleaning["num_read"] - cleaning["num_kept"]
    for row in report["coverage"]:
        if row["part"] == "train":
            figures[f'tokens-{row["side"]}'] = row["tokens"]
    if "valid" in report["pairs"]:
        figures.update(valid=report["pairs"]["valid"], seen=report["seen_in_training"])
    if "misaligned" in report:
        figures["misaligned"] = report["misaligned"]["likely"]
    for name, value in figures.items():
        check_equal(browser.text(f'[data-figure="{name}"] b'), number(value), name)


def check_cleaning():
    for part, cleaning in report["cleaning"].items():
        reasons = [reason for reason in cleaning["reasons"] if reason["num_pairs"] > 0]
        if reasons:
            check_equal(cells(f"cleaning-{part}", 1), [reason["name"] for reason in reasons], "reasons")
            check_equal(cells(f"cleaning-{part}", 3), [number(reason["num_pairs"]) for reason in reasons], "counts of reasons")
    for reason in report["cleaning"]["train"]["reasons"]:
        places = browser.run("return [...document.querySelectorAll(`details[data-reason=\"${arguments[0]}\"] .place > span`)].map((one) => one.title)", reason["name"])
        check_equal(places, [f'{example["file"]}:{example["line"]}' for example in reason["examples"]], "places")
        texts = browser.run("return [...document.querySelectorAll(`details[data-reason=\"${arguments[0]}\"] .lines bdi`)].map((one) => one.textContent)", reason["name"])
        expected = [example[side] or "(empty)" for example in reason["examples"] for side in ("source", "target") if side in example]
        check_equal(texts, expected, f'examples of {reason["name"]}')


def check_counts():
    for side, lengths in report["lengths"].items():
        check_equal(browser.texts(f"#plot-length-{side} tbody td"), [number(one["count"]) for one in lengths["bins"]], f"lengths of the {side}")
    if "ratios" in report:
        check_equal(cells("ratio-table", 2), [number(one["pairs"]) for one in report["ratios"]["above"]], "ratios")
        shown = [float(text) for text in browser.texts("#plot-ratio tbody td")]
        total = sum(report["ratios"]["counts"]) + report["ratios"]["empty"]
        check(all(abs(a - 100 * b / total) < 0.001 for a, b in zip(shown, report["ratios"]["counts"])), f"shares of ratios: {shown}")
    check_equal(cells("coverage-table", 2), [number(row["tokens"]) for row in report["coverage"]], "tokens")
    for side, pieces in report["pieces"].items():
        check_equal(cells(f"pieces-{side}", 1), [one["piece"] for one in pieces], f"pieces of the {side}")
        check_equal(cells(f"pieces-{side}", 2), [number(one["count"]) for one in pieces], f"counts of pieces of the {side}")
        for kind, missing in report["missing"][side].items():
            shown = browser.texts(f"#missing-{kind}-{side} tbody bdi")
            check_equal(shown, [one["text"] for one in missing["most_frequent"]], f"what the {side} lacks")
    examples = [example for side in ("source", "target") if side in report["round_trip"] for example in report["round_trip"][side]["examples"]]
    check_equal(cells("round-trip-examples", 3), [shown_change(example, "before") for example in examples], "lines before")
    check_equal(cells("round-trip-examples", 4), [shown_change(example, "after") for example in examples], "lines after")
    for sample in report["samples"]:
        shown = browser.texts(f'[data-line="{sample["line"]}"] .pieces li')
        check_equal(shown, [piece for side in ("source", "target") if side in sample for piece in sample[side]["pieces"]], "a sample")


def check_misaligned():
    misaligned = report["misaligned"]
    check(browser.text("#misaligned p").startswith(f'{number(misaligned["likely"])} of {number(misaligned["judged"])} pairs'), "the count of misaligned pairs")
    check_equal(len(browser.texts("#plot-misaligned tbody tr")), len(misaligned["by_position"]), "parts of the text")
    equal = browser.texts("#equal-pairs .lines bdi")
    check_equal(equal, [pair["source"] for pair in misaligned["equal"]["examples"]], "equal pairs")
    texts = browser.texts("#misaligned-table tbody .pair-cell")
    check_equal(texts, [(pair["source"] or "(empty)") + (pair["target"] or "(empty)") for pair in misaligned["worst"]], "misaligned pairs")
    if not misaligned["worst"]:
        return
    # By line; and what the filter leaves.
    browser.click("#misaligned-table thead th:first-child button")
    lines = [int(text.rsplit(":", 1)[1]) for text in browser.texts("#misaligned-table tbody .place")]
    check_equal(lines, sorted(lines), "the lines sorted")
    word = misaligned["worst"][0]["target"].split()[0].lower()
    browser.type("#misaligned-table-filter", word)
    expected = sum(word in f'{pair["source"]} {pair["target"]} {pair["file"]}:{pair["line"]}'.lower() for pair in misaligned["worst"])
    check_equal(len(browser.texts("#misaligned-table tbody tr")), expected, f"pairs with {word!r}")
    browser.type("#misaligned-table-filter", "")


def check_labels():
    labels = report["labels"]
    check_equal(cells("labels-table", 1), [row["label"] for row in labels["rows"]], "labels")
    check_equal(cells("labels-table", 2), [number(row["train"]) for row in labels["rows"]], "texts with a label")
    browser.click("#labels-table thead th:first-child button")
    check_equal(sorted(cells("labels-table", 1)), sorted(row["label"] for row in labels["rows"]), "labels after sorting")


open_all()
check_figures()
check_cleaning()
check_counts()
if "misaligned" in report:
    check_misaligned()
if "labels" in report:
    check_labels()
# The arrow keys read values out.
side = next(iter(report["lengths"]))
browser.run(f"const plot = document.querySelector('#plot-length-{side} svg.plot'); plot.focus(); plot.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Home'}}))")
check(browser.text(f"#plot-length-{side} .readout").endswith(f': {number(report["lengths"][side]["bins"][0]["count"])}'), "arrow keys do not read a histogram out")
browser.check_layout()
browser.check_quiet()
browser.close()
print("agrees")
