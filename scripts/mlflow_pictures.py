"""Take the screenshots for docs/mlflow.md and docs/sweeps.md in a browser.

First start `recurrent ui --no-browser`. Then `python scripts/mlflow_pictures.py URL` takes them.
"""

import json
import shutil
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

from mlflow import MlflowClient
from playwright.sync_api import Page, ViewportSize, sync_playwright

from recurrent.tracking.experiments import CHARTS, LANDING, TABLE, link
from recurrent.tracking.sweeps import SWEEP

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1440, 900
HEIGHTS = {"sweep": 1080}  # twenty trials
WIDTHS = {"models": WIDTH * 3 // 2}  # the metrics come after nine other columns
SETTLED_MS = 8000  # tables and charts are drawn after the page has loaded
RETURNING_VISITOR = """for (const [key, value] of [
    ["mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true"],
    ["mlflow.workflowType_v1", '"machine_learning"'],
]) localStorage.setItem(key, value)"""  # MLflow opens its assistant at the first visit
EXPERIMENT = "Predicting sex from names"
COMPARED = ("LSTM, two layers", "bidirectional LSTM")
REGISTERED = "names-to-sex"
PICTURES = Path("docs")


def main(base: str) -> None:
    """Open each view in a browser and take a screenshot."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"no browser found: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(color_scheme="light")
        page.add_init_script(RETURNING_VISITOR)
        for name, address in {**addresses(base), **sweep_address(base)}.items():
            size: ViewportSize = {
                "width": WIDTHS.get(name, WIDTH),
                "height": HEIGHTS.get(name, HEIGHT),
            }
            page.set_viewport_size(size)
            take(page, address, PICTURES / f"mlflow-{name}.png")
        browser.close()


def addresses(base: str) -> dict[str, str]:
    """Return the address of each picture."""
    client = MlflowClient(base)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        sys.exit(f"{base} has no experiment {EXPERIMENT!r}: run `recurrent publish`")
    key = experiment.experiment_id
    runs = {run.info.run_name: run.info.run_id for run in client.search_runs([key])}
    compared = {
        "runs": json.dumps([runs[name] for name in COMPARED]),
        "experiments": json.dumps([key]),
    }
    return {
        "runs": link(base, key, TABLE),
        "charts": link(base, key, CHARTS),
        "compared": f"{base}/#/compare-runs?{urlencode({**compared, **LANDING}, quote_via=quote)}",
        "models": f"{base}/#/experiments/{key}/models?{urlencode(LANDING)}",
        "registry": f"{base}/#/models/{REGISTERED}?{urlencode(LANDING)}",
    }


def sweep_address(base: str) -> dict[str, str]:
    """Return the address of the view of the newest sweep, if there is one (docs/sweeps.md)."""
    client = MlflowClient(base)
    experiments = [one.experiment_id for one in client.search_experiments()]
    newest = client.search_runs(experiments, filter_string=f"tags.{SWEEP} LIKE '%'", max_results=1)
    if not newest:
        return {}
    return {"sweep": link(base, newest[0].info.experiment_id, newest[0].data.tags[SWEEP])}


def take(page: Page, address: str, picture: Path) -> None:
    """Open a page, wait until it is drawn, and take a screenshot."""
    page.goto("about:blank")  # a change of the fragment alone would not load the page
    page.goto(address)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=picture)


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
