"""Serve a trained variant over HTTP, with MLflow's scoring server."""

import json
import logging
import os
import shlex
import socket
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import uvicorn
from mlflow import pyfunc
from mlflow.pyfunc import scoring_server

from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.serving import package

JSON = "Content-Type: application/json"


def serve(name: str, network: Path, task: str, words: Path | None, host: str, port: int) -> None:
    """Save the variant as an MLflow model and serve it until the user presses Ctrl-C."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    with listen(host, port) as listener, TemporaryDirectory() as folder:
        interface = package.save(network, Path(folder), task, words)
        server = uvicorn.Server(
            uvicorn.Config(scoring_server.init(pyfunc.load_model(folder)), log_level="warning")
        )
        note(f"{name} is served on {url(listener)}/invocations until you press Ctrl-C. Try:")
        note(curl(url(listener), interface))
        with suppress(KeyboardInterrupt):  # raised after the requests in progress
            server.run(sockets=[listener])
    note("The server has stopped.")


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 chooses a free port."""
    try:
        return socket.create_server((host, port), family=family(host))
    except OSError as fault:
        raise PipelineError(
            f"cannot listen at this address ({fault.strerror or fault}).",
            where=f"{host}:{port}",
            remedy="Choose another --port or --host.",
        ) from fault


def family(host: str) -> socket.AddressFamily:
    """Return IPv6 for an address with colons, otherwise IPv4."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def url(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def curl(place: str, interface: package.Interface) -> str:
    """Return a curl command that sends the example."""
    body = json.dumps(interface.request(), ensure_ascii=False)
    return f"curl {place}/invocations -H {shlex.quote(JSON)} -d {shlex.quote(body)}"
