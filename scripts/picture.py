"""Take a screenshot for the README: the first screen of a report, as a browser shows it."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1280, 960
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(report: Path, picture: Path) -> None:
    """Open a report in a browser and take a screenshot of its first screen."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"no browser found: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.resolve().as_uri())
        # Whole lines: the picture ends with the first screen's list, if that is short.
        end = page.evaluate("document.querySelector('.legend').getBoundingClientRect().bottom")
        height = min(HEIGHT, end + 16)
        picture.parent.mkdir(exist_ok=True)
        page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
