"""`recurrent ui` on a real port: it prints links that work, and stops with Ctrl-C."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from mlflow import MlflowClient

from tests.project import ROOT, Project
from tests.reliability.trackers import free_port

pytestmark = pytest.mark.long
PATIENCE_S = 120
LECTURES = 5


@contextmanager
def page(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Start `recurrent ui` in a project that has no runs yet."""
    command = [sys.executable, "-m", "recurrent", "ui", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=Project.copied_to(folder).folder,
        env={"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def links(process: "subprocess.Popen[str]") -> list[str]:
    """The links that it prints: two for each lecture, one for all results."""
    assert process.stdout is not None
    found: list[str] = []
    for line in process.stdout:
        found += re.findall(r"http://\S+", line)
        if len(found) == 2 * LECTURES + 1:
            break
    return found


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM])
def test_the_links_open_existing_views_and_the_server_stops(
    tmp_path: Path, wanted: signal.Signals
) -> None:
    port = free_port()
    with page(tmp_path, port) as process:
        found = links(process)
        assert requests.get(found[0], timeout=30).ok
        client = MlflowClient(f"http://127.0.0.1:{port}")
        for link in found:
            route = urlsplit(urlsplit(link).fragment)
            experiment = client.get_experiment(route.path.split("/")[2])
            view = re.findall(r"viewStateShareKey=(\w+)", route.query)[0]
            assert f"mlflow.sharedViewState.{view}" in experiment.tags
        process.send_signal(wanted)
        assert process.wait(timeout=PATIENCE_S) == 0
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/health", timeout=5)


def test_a_port_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    port = free_port()
    with page(tmp_path / "first", port) as first:
        links(first)
        with page(tmp_path / "second", port) as second:
            said = second.communicate(timeout=PATIENCE_S)[1]
        assert second.returncode == 1
        assert f"port {port} cannot be used" in said and "--port" in said
