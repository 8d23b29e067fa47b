"""A browser for tests of pages: headless Chromium, with what it complains about. Used by the *_page.py scripts beside it."""
import json
import re
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service


def check(condition, message):
    if not condition:
        sys.exit("failed: " + message)


def visible(value):
    """What the pages show of a text: what would reorder its surroundings or show nothing at all is an escape (visible() in page.js)."""
    if isinstance(value, list):
        return [visible(one) for one in value]
    if not isinstance(value, str):
        return value
    hidden = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
    return re.sub(hidden, lambda match: f"\\u{ord(match[0]):04x}", value)


def check_equal(shown, expected, what):
    expected = visible(expected)
    check(shown == expected, f"{what}: the page shows {shown!r}, expected {expected!r}")


def page_data(path):
    """The data of a page, read from its file without a browser."""
    text = open(path, encoding="utf-8").read()
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1))


class Browser:
    def __init__(self, width=1280, height=1000, dark=False):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        # Root, as in a container, may not use Chromium's own sandbox.
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.resize(width, height)
        self.set_dark(dark)

    def resize(self, width, height):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def set_dark(self, dark):
        value = "dark" if dark else "light"
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": value}]})

    def open(self, path):
        self.driver.get("file://" + path)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.textContent", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector)

    def click(self, selector):
        check(self.run("const one = document.querySelector(arguments[0]); one?.click(); return one !== null", selector), f"there is no {selector}")

    def hover(self, selector):
        script = "document.querySelector(arguments[0]).dispatchEvent(new PointerEvent('pointerenter', {bubbles: false}))"
        self.run(script, selector)

    def choose(self, selector, value):
        script = "const one = document.querySelector(arguments[0]); one.value = arguments[1]; one.dispatchEvent(new Event('change'))"
        self.run(script, selector, value)

    def type(self, selector, text):
        script = "const one = document.querySelector(arguments[0]); one.value = arguments[1]; one.dispatchEvent(new Event('input'))"
        self.run(script, selector, text)

    def check_layout(self):
        """Nothing is wider than the screen, from a phone to 4k, light and dark."""
        for width in (360, 1280, 3840):
            self.resize(width, 1000)
            for dark in (False, True):
                self.set_dark(dark)
                wide = self.run("return document.documentElement.scrollWidth")
                check(wide <= width, f"the page is {wide} px wide on a screen of {width} px")
        self.resize(1280, 1000)
        self.set_dark(False)

    def check_quiet(self):
        """No script failed, nothing was blocked, and nothing in the text ran."""
        complaints = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        check(not complaints, f"the browser complains: {complaints[:3]}")
        check(self.run("return window.hacked") is None, "text of the page ran as a script")
        check(self.run("return document.querySelectorAll('main img, main script').length") == 0, "text of the page became elements")

    def close(self):
        self.driver.quit()
