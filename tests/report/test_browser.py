"""The page in a real browser: light and dark, on a desk and on a phone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from recurrent.report import page as pages
from tests.report.conftest import Documents

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next((found for name in NAMES if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"there is none of {', '.join(NAMES)}")

# Each returns what is wrong.
CHECKS = {
    "it is wider than its window": """() => {
      const {scrollWidth, clientWidth} = document.documentElement;
      return scrollWidth > clientWidth ? [scrollWidth, clientWidth] : [];
    }""",
    "a table is wider than the page": """() => {
      const wide = [...document.querySelectorAll("table, .results")].filter(
        (one) => one.getBoundingClientRect().right > document.documentElement.clientWidth);
      return wide.map((one) => one.ariaLabel ?? "one without a title");
    }""",
    "a number on a phone has no label": """() => {
      if (innerWidth > 960) return [];
      const cells = [...document.querySelectorAll("td.number, td.text, td.model")];
      const label = (one) => getComputedStyle(one, "::before").content;
      const bare = cells.filter((one) => one.textContent && label(one) === "none");
      return bare.map((one) => one.textContent);
    }""",
    "the bar of links is out of sight": """() => {
      scrollTo(0, document.documentElement.scrollHeight / 2);
      const { top, bottom } = document.querySelector("nav").getBoundingClientRect();
      return top === 0 && bottom < 90 ? [] : [top, bottom];
    }""",
    "an image does not load": """async () => {
      const faults = [];
      for (const one of document.images) {
        try { await one.decode(); } catch { faults.push(one.alt); }
      }
      return document.images.length > 10 ? faults : ["hardly any image"];
    }""",
    "an id is there twice, or a link goes nowhere": """() => {
      const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
      const links = [...document.querySelectorAll("a")].map((one) => one.hash.slice(1));
      const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
      return [...twice, ...links.filter((id) => !ids.includes(id))];
    }""",
    "a heading is out of order": """() => {
      const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((h) => +h.tagName[1]);
      const faults = levels.filter((level, place) => level > (levels[place - 1] ?? 0) + 1);
      return levels.filter((level) => level === 1).length === 1 ? faults : ["not one h1"];
    }""",
    "text is hard to read": r"""() => {
      const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
      const light = (colour) => channels(colour).slice(0, 3)
        .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
      const ground = (one) => {
        const colour = getComputedStyle(one).backgroundColor;
        return (channels(colour)[3] ?? 1) === 1 ? colour : ground(one.parentElement);
      };
      const own = (one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      return [...document.querySelectorAll("body *")].filter(own).filter((one) => {
        const shades = [light(getComputedStyle(one).color), light(ground(one))];
        return (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05) < 4.5;
      }).map((one) => one.textContent);
    }""",
}
BROKEN = {
    "it is wider than its window": '<p style="width: 3000px">wide</p>',
    "a table is wider than the page": '<table style="width: 3000px; max-width: none"></table>',
    "a number on a phone has no label": "<style>td::before { content: none !important }</style>",
    "the bar of links is out of sight": "<style>nav { position: static !important }</style>",
    "an image does not load": '<img src="data:image/gif;base64,AAAA" alt="broken">',
    "an id is there twice, or a link goes nowhere": '<a href="#nowhere">lost</a>',
    "a heading is out of order": "<h5>deep</h5>",
    "text is hard to read": '<p style="color: #888; background: #999">pale</p>',
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Containers have no sandbox to give.
        opened = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def report(documents: Documents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(pages.html(*documents["bundled", "lectures"]), encoding="utf-8")
    return path


def opened(browser: Browser, report: Path, width: int, dark: bool) -> tuple[Page, list[str]]:
    """The page with everything unfolded, and what the browser complains of."""
    scheme = "dark" if dark else "light"
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("request", lambda request: noise.append(request.url))
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    return page, [line[:99] for line in noise if not line.startswith((report.as_uri(), "data:"))]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_is_whole_and_legible(
    browser: Browser, report: Path, width: int, dark: bool
) -> None:
    page, noise = opened(browser, report, width, dark)
    assert noise == []
    found = {name: page.evaluate(check) for name, check in CHECKS.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (shade == "rgb(20, 24, 26)") == dark
    page.close()


def test_verdicts_come_first_on_a_phone(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, 390, False)
    first = page.locator("#nietzsche-published tr:nth-child(1) td").first
    assert first.text_content() == "✓reproduced"
    heading = page.locator("#nietzsche-published thead").first.bounding_box()
    assert heading is not None
    assert heading["width"] <= 1
    page.close()


def test_on_paper_everything_is_unfolded_without_the_bar(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.goto(report.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(CHECKS["a table is wider than the page"]) == []
    assert not page.locator("nav").is_visible()
    assert page.locator("#nietzsche-tables table").first.bounding_box()
    page.close()


@pytest.fixture(scope="module")
def phone(browser: Browser, report: Path) -> Page:
    """The page on a phone, to which tests add faults."""
    page, _ = opened(browser, report, 390, False)
    return page


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_notices_its_fault(phone: Page, name: str) -> None:
    phone.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", BROKEN[name])
    assert phone.evaluate(CHECKS[name]) != []
    phone.evaluate("document.body.lastElementChild.remove()")
    assert phone.evaluate(CHECKS[name]) == []
