"""Drives the live page in a real browser, in the words of somebody who looks at it.

Everything waits for conditions, never for time."""
import json
import os
import pathlib
import tempfile
import urllib.parse

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

import steady

ARTEFACTS = pathlib.Path(os.environ["STEADY_BUILD"]) / "tests/artefacts"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,1000", "--hide-scrollbars",
             "--disable-background-networking", "--disable-dev-shm-usage", "--no-first-run")
# What the page holds, read in one go: an element may be made anew between two questions.
READ_BOXES = """return Object.fromEntries([...document.querySelectorAll('[data-node]')].map((box) => [
  box.dataset.node, {
  classes: [...box.classList], label: box.getAttribute('aria-label'),
  badges: [...box.querySelectorAll('.badges text')].map((text) => text.textContent),
  texts: [...box.querySelectorAll('text')].map((text) => text.textContent)}]))"""
READ_EDGES = """return Object.fromEntries([...document.querySelectorAll('.edge:not(.label)')].map((edge) => [
  edge.dataset.edge, {
  classes: [...edge.classList], width: Number(edge.querySelector('.line').getAttribute('stroke-width')),
  moves: getComputedStyle(edge.querySelector('.flow') ?? edge).animationName !== 'none'}]))"""
READ_PLACES = """return Object.fromEntries([...document.querySelectorAll('[data-node]')].map((box) => {
  const {x, y, width, height} = box.querySelector('.front').getBoundingClientRect();
  return [box.dataset.node, [x, y, width, height]]; }))"""
READ_ROWS = """return [...document.getElementById(arguments[0]).tBodies[0].rows].map((row) => (
  [...row.cells].map((cell) => cell.textContent)))"""


class Page:
    def __enter__(self):
        self.downloads = pathlib.Path(tempfile.mkdtemp(prefix="steady-page-"))
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("prefs", {"download.default_directory": str(self.downloads)})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.origins, self.allowed = set(), []
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def reset(self):
        self.driver.get("about:blank")
        self.emulate(**{"prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference"})
        self.logs()
        self.origins, self.allowed = set(), []

    def emulate(self, **features):
        media = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})

    def open(self, url):
        """Opens the page and waits until it shows what it has been told."""
        self.origins.add(urllib.parse.urlsplit(url).netloc)
        self.driver.get("about:blank")
        self.driver.get(url)
        self.wait(lambda: self.text("connection") == "live" and self.rows("supervisors"), "the page is live")

    # ---- what is to be seen

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition, what):
        return steady.wait_until(condition, what)

    def text(self, identifier):
        return self.js("return document.getElementById(arguments[0])?.textContent.trim()", identifier)

    def problems(self):
        return self.js("return [...document.querySelectorAll('.problem')].map((line) => line.textContent)")

    def boxes(self):
        return self.js(READ_BOXES)

    def edges(self):
        return self.js(READ_EDGES)

    def places(self):
        """Where the boxes are on the screen: key -> (x, y, width, height)."""
        return self.js(READ_PLACES)

    def rows(self, table):
        return self.js(READ_ROWS, table)

    def marked(self, word):
        """The boxes and the edges of this class."""
        return ({key for key, box in self.boxes().items() if word in box["classes"]},
                {key for key, edge in self.edges().items() if word in edge["classes"]})

    def transform(self):
        return self.js("return document.getElementById('world').getAttribute('transform')")

    def details(self):
        """The text of the panel; empty while it is closed."""
        return self.js("const panel = document.getElementById('details'); return panel.hidden ? '' : panel.innerText")

    def charts(self):
        """What the charts in the panel say to somebody who cannot see them."""
        return self.js("return [...document.querySelectorAll('.chart svg')].map((chart) => chart.ariaLabel)")

    # ---- what somebody does

    def element(self, selector):
        return self.driver.find_element("css selector", selector)

    def click(self, selector):
        self.element(selector).click()

    def click_box(self, key):
        self.click(f'[data-node="{key}"]')

    def focus(self, selector):
        self.js("document.querySelector(arguments[0]).focus()", selector)

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def search(self, text):
        self.keys("/", text)

    def drag(self, selector, x, y):
        ActionChains(self.driver).click_and_hold(self.element(selector)).move_by_offset(x, y).release().perform()

    def screenshot(self, name):
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(ARTEFACTS / f"{name}.png"))

    def download(self, selector, name):
        """The text of the file that a click saves."""
        path = self.downloads / name
        path.unlink(missing_ok=True)
        self.click(selector)
        self.wait(path.exists, f"{name} is saved")
        return path.read_text()

    # ---- what must not be

    def logs(self):
        return self.driver.get_log("browser"), self.driver.get_log("performance")

    def allow(self, text):
        """A complaint with this text is expected."""
        self.allowed.append(text)

    def complaints(self):
        said = [f"{entry['level']} {entry['message']}" for entry in self.driver.get_log("browser")]
        return [line for line in said if not any(text in line for text in self.allowed)]

    def foreign_requests(self):
        """Every address that was asked for and is not the daemon's own."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if urllib.parse.urlsplit(url).netloc not in self.origins
                and urllib.parse.urlsplit(url).scheme in ("http", "https", "ws", "wss", "ftp")]


ENTER, ESCAPE, RIGHT = Keys.ENTER, Keys.ESCAPE, Keys.ARROW_RIGHT
