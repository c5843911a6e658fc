"""A web server on loopback that plays back prepared answers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType


@dataclass(frozen=True)
class Answer:
    """One answer. A body in pieces has no Content-Length, unless `claimed` gives one."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    claimed: int | None = None  # Content-Length, if it differs from the body's
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0  # seconds before each piece
    bare: bool = False  # send the body alone: it includes the status line and headers


class Server:
    """Sends the answers to a path in turn, repeats the last one, and sends 404 if there is none."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.requests: list[str] = []
        self._closing = Event()  # ends all pauses

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - `self` is the server here
                self._send(handler, self._next(handler.path))

            def log_message(handler, *_: object) -> None:  # noqa: N805
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def serves(self, path: str, *answers: Answer) -> str:
        """Prepare the answers to a path; return its URL."""
        self.answers[path] = [*answers]
        return self.url(path)

    def _next(self, path: str) -> Answer:
        self.requests.append(path)
        left = self.answers[path]
        if not left:
            return Answer(status=404)
        return left.pop(0) if len(left) > 1 else left[0]

    def _send(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
        length = answer.claimed
        if length is None and isinstance(answer.body, bytes):
            length = len(answer.body)
        if not answer.bare:
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            if length is not None:
                handler.send_header("Content-Length", str(length))
            handler.end_headers()
        with suppress(ConnectionError):  # the client has closed the connection
            for piece in pieces:
                if self._closing.wait(answer.pause):
                    return
                handler.wfile.write(piece)
