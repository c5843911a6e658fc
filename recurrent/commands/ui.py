"""`recurrent ui`: MLflow's web page, with links to each lecture's runs and charts."""

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import requests

from recurrent.commands import publish
from recurrent.commands.tracked import tracked_experiments
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.tracking import database
from recurrent.tracking.experiments import CHARTS, TABLE, link
from recurrent.tracking.publish import without_user
from recurrent.tracking.results import ALL_LECTURES
from recurrent.tracking.sweeps import sweeps

HOST = "127.0.0.1"
LOG = Path(".dvc/tmp/mlflow.log")  # the server's output
START_TIMEOUT_S = 60.0  # the first start takes about ten seconds


def main(port: int, browse: bool) -> None:
    """Publish what MLflow lacks, print the links, and serve MLflow's page until Ctrl-C."""
    try:
        publish.main()
    except PipelineError as fault:
        note(f"warning: {fault}")
    uri = database.tracking_uri()
    if uri.startswith("http"):
        print_links(uri)
        return
    refuse_used_port(port)
    base = f"http://{HOST}:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    command += ["--workers", "1"]
    # No telemetry, and no workers for jobs that this project does not have. The address of the
    # store may have a password, which others could read on the command line.
    environment = {
        **os.environ,
        "MLFLOW_BACKEND_STORE_URI": uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it stops the server, too
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
            note("stopped")
            return
        finally:
            server.terminate()
    sys.exit(code)


def wait_until_up(base: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers."""
    until = time.monotonic() + START_TIMEOUT_S
    while not is_up(base):
        if server.poll() is not None or time.monotonic() > until:
            raise PipelineError(f"MLflow's server did not start; see {LOG}.", where="recurrent ui")
        time.sleep(0.2)


def refuse_used_port(port: int) -> None:
    """Refuse a port that another program uses."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
        except OSError as fault:
            raise PipelineError(
                f"port {port} cannot be used ({fault.strerror}).",
                where="recurrent ui",
                remedy="Choose another one with --port.",
            ) from fault


def is_up(base: str) -> bool:
    """Return whether the server answers at this address, which no proxy may answer for."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{base}/health", timeout=5).ok
        except requests.RequestException:
            return False


def print_links(base: str) -> str:
    """Print the links to each lecture's runs and charts; return the first."""
    base = without_user(base)
    from recurrent.tracking.store import Store

    store = Store()
    experiments = tracked_experiments().values()
    found = [(one.title, store.experiment_id(one)) for one in experiments]
    for title, experiment in found:
        print(f"{title}")
        print(f"  runs    {link(base, experiment, TABLE)}")
        print(f"  charts  {link(base, experiment, CHARTS)}")
        for sweep in sweeps(store, experiment):
            print(f"  sweep   {link(base, experiment, sweep)}")
    print(f"{ALL_LECTURES.title}: report, figures and tables")
    print(f"  runs    {link(base, store.experiment_id(ALL_LECTURES), TABLE)}", flush=True)
    return link(base, found[0][1], TABLE)


def has_display() -> bool:
    """Return whether a browser can open a window."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
