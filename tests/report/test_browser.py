"""The page in a real browser: light and dark, on a desk and on a phone."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from recurrent.report import document
from tests.report import made_up, metrics

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = next((found for name in NAMES if (found := shutil.which(name))), None)
pytestmark = pytest.mark.skipif(PROGRAM is None, reason=f"none of {', '.join(NAMES)} is here")

HAS_CHINESE = """() => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.font = "24px " + getComputedStyle(document.documentElement).getPropertyValue("--fonts");
  const drawn = (text) => {
    pen.clearRect(0, 0, 40, 40);
    pen.fillText(text, 4, 30);
    return pen.getImageData(0, 0, 40, 40).data.join();
  };
  const missing = drawn(String.fromCodePoint(0xFFFFD));
  const text = new Set(document.body.textContent.match(/[\\u2e80-\\u9fff]/g));
  text.delete("\\u3000");
  return text.has("困") ? [...text].filter((one) => drawn(one) === missing) : ["no 困 at all"];
}"""
IMAGES = """async () => {
  const inside = [...document.querySelectorAll("svg image")].map((one) => {
    const image = new Image();
    image.src = one.href.baseVal;
    return image;
  });
  const faults = [];
  for (const image of [...document.images, ...inside]) {
    try { await image.decode(); } catch { faults.push(image.src.slice(0, 40)); }
  }
  return document.images.length && inside.length ? faults : ["no image at all"];
}"""
LINKS = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  const twice = ids.filter((id, place) => ids.indexOf(id) !== place);
  const used = [...document.querySelectorAll("svg [*|href], svg [clip-path]")].flatMap((one) =>
    [one.getAttribute("xlink:href"), one.getAttribute("clip-path")?.slice(4, -1)]);
  const links = [...document.querySelectorAll("a")].map((one) => one.getAttribute("href"));
  const inner = [...links, ...used].filter((href) => href?.startsWith("#"));
  const lost = inner.filter((href) => !document.getElementById(href.slice(1)));
  return links.length > 5 ? [...twice, ...lost] : ["hardly any link"];
}"""
HEADINGS = """() => {
  const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((one) => +one.tagName[1]);
  const faults = levels.filter((level, place) => level > (levels[place - 1] ?? 0) + 1);
  return levels.filter((level) => level === 1).length === 1 ? faults : ["not one h1"];
}"""
CONTRAST = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => channels(colour).slice(0, 3)
    .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  const faults = [];
  let seen = 0;
  for (const one of document.querySelectorAll("body *")) {
    if (["SCRIPT", "STYLE"].includes(one.tagName) || !own(one)) continue;
    const style = getComputedStyle(one);
    const ink = one instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(ink), light(ground(one))].sort((x, y) => y - x);
    seen += 1;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.push(one.textContent.trim().slice(0, 30) + " " + ratio.toFixed(2));
  }
  return seen > 100 ? faults : ["hardly any text"];
}"""


def overflow(page: Page) -> list[object]:
    """How much wider than the window the page is."""
    wide = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return [] if wide[0] <= wide[1] else wide


def glyphs(page: Page) -> list[object]:
    return list(page.evaluate(HAS_CHINESE))


def images(page: Page) -> list[object]:
    return list(page.evaluate(IMAGES))


def links(page: Page) -> list[object]:
    return list(page.evaluate(LINKS))


def headings(page: Page) -> list[object]:
    return list(page.evaluate(HEADINGS))


def contrast(page: Page) -> list[object]:
    return list(page.evaluate(CONTRAST))


def noise(page: Page) -> list[object]:
    """Errors, and requests besides the file itself, since the page was opened."""
    return NOISE[page]


NOISE: dict[Page, list[object]] = {}
Check = Callable[[Page], list[object]]
CHECKS: dict[str, tuple[Check, str]] = {  # and what each must notice when it is put on the page
    "an error on the console": (noise, "<script>console.error('fault')</script>"),
    "an error of a script": (noise, "<script>nothing.there()</script>"),
    "a request": (noise, '<img src="http://127.0.0.1:9/x.png" alt="">'),
    "a page wider than its window": (overflow, '<p style="width: 3000px">wide</p>'),
    "a glyph that no font has": (glyphs, "<p>\u2fd6</p>"),
    "an image that does not load": (images, '<img src="data:image/gif;base64,AAAA" alt="">'),
    "a link to nowhere": (links, '<a href="#nowhere">lost</a>'),
    "an id that is there twice": (links, '<p id="main">again</p>'),
    "a heading out of order": (headings, "<h5>deep</h5>"),
    "text that is hard to read": (contrast, '<p style="color: #888; background: #999">pale</p>'),
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # No sandbox: containers and CI have none to give.
        opened = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page with every section, of bundled corpora and of the lectures' own."""
    found = {}
    for source in ("bundled", "upstream"):
        folder = metrics.everything(tmp_path_factory.mktemp(source), source)
        found[source] = folder / "report.html"
        text = document.render(folder, made_up.lectures())
        found[source].write_text(text, encoding="utf-8")
    return found


def opened(browser: Browser, path: Path, width: int, scheme: str) -> Page:
    """The page with everything unfolded."""
    chosen = "dark" if scheme == "dark" else "light"
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=chosen)
    NOISE[page] = heard = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: heard.append(str(fault)))
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("data:", path.as_uri())) else heard.append(asked.url)
        ),
    )
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return page


def chinese_here() -> bool:
    program = shutil.which("fc-list")
    return program is None or bool(subprocess.check_output([program, ":lang=zh"]).strip())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("source", ["bundled", "upstream"])
def test_the_page_is_as_it_should_be(
    browser: Browser, reports: dict[str, Path], source: str, width: int, scheme: str
) -> None:
    page = opened(browser, reports[source], width, scheme)
    checks = {check for check, _ in CHECKS.values()} - {glyphs}
    assert {check.__name__: found for check in checks if (found := check(page))} == {}
    page.close()


def test_every_chinese_character_has_a_glyph(browser: Browser, reports: dict[str, Path]) -> None:
    if not chinese_here():
        pytest.skip("no font of this machine has Chinese characters")
    assert glyphs(opened(browser, reports["bundled"], 1280, "light")) == []


@pytest.mark.parametrize("fault", CHECKS)
def test_each_fault_would_be_noticed(
    browser: Browser, reports: dict[str, Path], tmp_path: Path, fault: str
) -> None:
    check, mutation = CHECKS[fault]
    text = reports["bundled"].read_text(encoding="utf-8")
    spoilt = tmp_path / "spoilt.html"
    spoilt.write_text(text.replace("</main>", f"{mutation}</main>"), encoding="utf-8")
    page = opened(browser, spoilt, 390, "dark")
    page.wait_for_load_state()
    assert check(page)
    page.close()


def test_it_can_be_read_by_keyboard(browser: Browser, reports: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(reports["bundled"].as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Tab")
    assert not page.locator("#contents").evaluate("one => one.open"), "folded on a phone"
    page.keyboard.press("Enter")
    assert page.locator("#contents").evaluate("one => one.open")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#overview"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.close()


def test_on_paper_nothing_is_folded_or_dark(browser: Browser, reports: dict[str, Path]) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 900}, color_scheme="dark")
    page.goto(reports["bundled"].as_uri())
    folded = page.locator("main details table").last
    before = folded.bounding_box()
    page.emulate_media(media="print")
    after = folded.bounding_box()
    assert before is None or before["height"] == 0
    assert after is not None
    assert after["height"] > 0
    assert overflow(page) == [], "no table is cut at the edge of the paper"
    style = page.evaluate(
        "(({color, backgroundColor, colorScheme}) => [color, backgroundColor, colorScheme])"
        "(getComputedStyle(document.body))"
    )
    assert style == ["rgb(29, 35, 38)", "rgb(255, 255, 255)", "light"]
    page.close()
