"""Tracking servers on loopback: some that misbehave, real ones that can be killed, a database."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
import requests


def free_port() -> int:
    """A port on loopback where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serving(answer: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A web server; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def failing(after_s: float = 0.0) -> Iterator[str]:
    """A server that answers 500 to everything, at once or after a while."""
    over = Event()

    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            over.wait(after_s)
            with suppress(ConnectionError):  # nobody waited that long
                self.send_error(500)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Failing) as url:
        yield url
        over.set()


@contextmanager
def forgetful(port: int, paths: dict[str, int]) -> Iterator[str]:
    """A proxy that passes everything on; of some paths it loses so many answers."""

    class Forgetful(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            behind = HTTPConnection("127.0.0.1", port)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {**self.headers, "Host": f"127.0.0.1:{port}"}
            behind.request(self.command, self.path, body, headers)
            answer = behind.getresponse()
            content = answer.read()
            for path, left in paths.items():
                if left and self.path.endswith(path):
                    paths[path] -= 1
                    self.connection.close()  # done, but nobody hears of it
                    return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def handle_one_request(self) -> None:
            with suppress(ValueError, OSError):  # a connection that was closed on purpose
                super().handle_one_request()

    with serving(Forgetful) as url:
        yield url


class MlflowServer:
    """`mlflow server` in processes of its own, which are killed together."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.store, self.port = folder, store, free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "MlflowServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Until it answers."""
        options = {
            "--host": "127.0.0.1",
            "--port": str(self.port),
            "--workers": "1",
            "--backend-store-uri": self.store,
            "--artifacts-destination": str(self.folder / "artifacts"),
        }
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *sum(options.items(), ())],
                cwd=self.folder,
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(requests.RequestException):
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text())

    def kill(self) -> None:
        """kill -9 of it and of its workers."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Postgres:
    """A PostgreSQL of its own, in a folder that goes when it ends; root runs it as `postgres`."""

    def __init__(self) -> None:
        pytest.importorskip("psycopg", reason="needs PostgreSQL's driver: psycopg")
        places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        found = shutil.which("initdb") or (places[-1] if places else None)
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if found is None or (
            self._as and subprocess.run([*self._as, "true"], check=False).returncode
        ):
            pytest.skip("needs PostgreSQL's initdb and pg_ctl, and as root a user `postgres`")
        self._bin = Path(found).resolve().parent

    def __enter__(self) -> "Postgres":
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
        if self._as:
            shutil.chown(self.folder, "postgres")
        self._do("initdb", "--auth=trust", "--username=mlflow", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Until it answers."""
        place = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._do("pg_ctl", "-w", "-o", place, "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """At once, as when its machine dies; what it had confirmed is on its disk."""
        self._do("pg_ctl", "-w", "-m", "immediate", "stop", check=False)

    def uri(self) -> str:
        return f"postgresql://mlflow@127.0.0.1:{self.port}/postgres"

    def _do(self, command: str, *arguments: str, check: bool = True) -> None:
        data = ("-D", str(self.folder / "data"))
        # No pipes: the server that pg_ctl leaves behind would hold them open.
        subprocess.run(
            [*self._as, str(self._bin / command), *data, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=check,
        )
