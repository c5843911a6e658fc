"""`recurrent ui`: MLflow's web page, with links to each lecture's runs and charts."""

import os
import signal
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import requests

from recurrent.commands import publish
from recurrent.commands.chapters import chapters
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.tracking import database
from recurrent.tracking.experiments import CHARTS, TABLE, link
from recurrent.tracking.results import CHAPTER
from recurrent.tracking.sweeps import sweeps

HOST = "127.0.0.1"
LOG = Path(".dvc/tmp/mlflow.log")  # the server's output
START_TIMEOUT_S = 60.0  # the first start takes about ten seconds


def main(port: int = 5000, browse: bool = True) -> None:
    """Publish what MLflow lacks, print the links, and serve MLflow's page until Ctrl-C."""
    publish.main()
    uri = database.tracking_uri()
    if uri.startswith("http"):
        print_links(uri)
        return
    base = f"http://{HOST}:{port}"
    if is_up(base):
        raise PipelineError(
            f"another program uses port {port}.", where="recurrent ui", remedy="Choose: --port 5001"
        )
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", uri]
    # Disable telemetry, and job workers, which this project does not need.
    environment = {
        **os.environ,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that SIGTERM stops the server, too
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (
        LOG.open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            wait_until_up(base, server)
            first = print_links(base)
            note("Ctrl-C stops the server.")
            if browse and has_display():
                webbrowser.open(first)
            code = server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
            note("stopped")
            return
    sys.exit(code)


def wait_until_up(base: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    until = time.monotonic() + START_TIMEOUT_S
    while not is_up(base):
        if server.poll() is not None or time.monotonic() > until:
            server.terminate()
            raise PipelineError(f"MLflow's server did not start; see {LOG}.", where="recurrent ui")
        time.sleep(0.2)


def is_up(base: str) -> bool:
    """Return whether a server answers at this address."""
    try:
        requests.get(f"{base}/health", timeout=5)
    except requests.ConnectionError:
        return False
    return True


def print_links(base: str) -> str:
    """Print the links to each lecture's runs and charts; return the first."""
    from recurrent.tracking.store import Store

    store = Store()
    found = [(chapter.title, store.experiment(chapter)) for chapter in chapters().values()]
    for title, experiment in found:
        print(f"{title}")
        print(f"  runs    {link(base, experiment, TABLE)}")
        print(f"  charts  {link(base, experiment, CHARTS)}")
        for sweep in sweeps(store, experiment):
            print(f"  sweep   {link(base, experiment, sweep)}")
    print(f"{CHAPTER.title}: report, figures and tables")
    print(f"  runs    {link(base, store.experiment(CHAPTER), TABLE)}", flush=True)
    return link(base, found[0][1], TABLE)


def has_display() -> bool:
    """Return whether a browser can open a window."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
