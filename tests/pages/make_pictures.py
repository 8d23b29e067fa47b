#!/usr/bin/env python3
"""Makes README's pictures of the pages of `make demo`, each under 200 kB, into tests/pages/pictures/.

    make demo peers && .venv/bin/python tests/pages/make_pictures.py
"""
import os
import sys
import time

from browser import Browser, check

here = os.path.dirname(os.path.abspath(__file__))
demo = os.path.abspath(os.path.join(here, "../../build/demo"))
out = os.path.join(here, "pictures")
os.makedirs(out, exist_ok=True)
browser = Browser(1200, 1000)
for name, page, height, script in (
    ("translation", "translations.html", 860, "document.querySelector('#output .token[data-index=\"2\"]').dispatchEvent(new PointerEvent('pointerenter'))"),
    ("scores", "scores.html", 900, ""),
    ("training", "run/report.html", 900, ""),
):
    path = os.path.join(demo, page)
    if not os.path.exists(path):
        sys.exit(f"{path} is missing; run make demo first")
    browser.resize(1200, height)
    browser.open(path)
    time.sleep(0.5)
    if script:
        browser.run(script)
        time.sleep(0.2)
    file = os.path.join(out, name + ".png")
    browser.driver.save_screenshot(file)
    check(os.path.getsize(file) < 200_000, f"{file} is larger than 200 kB")
    print(f"{file}: {os.path.getsize(file) // 1000} kB")
browser.close()
