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
    """What is sent; `claimed` is the Content-Length where it is not the body's own.

    A body in pieces may have no end, and then has no length unless one is claimed.
    """

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    claimed: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0  # seconds before each piece
    bare: bool = False  # the body is all that is sent: it has the status line and the headers


class Server:
    """Answers each path in turn, the last answer again and again; 404 where none is prepared."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.asked: list[str] = []
        self._over = Event()  # nobody pauses any longer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - `self` is the server here
                answer = self._next(handler.path)
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
                with suppress(ConnectionError):  # who asked has heard enough
                    for piece in pieces:
                        if self._over.wait(answer.pause):
                            return
                        handler.wfile.write(piece)

            def log_message(handler, *_: object) -> None:  # noqa: N805
                """Nothing: tests read `asked`."""

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
        self._over.set()
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
        self.asked.append(path)
        left = self.answers[path]
        if not left:
            return Answer(status=404)
        return left.pop(0) if len(left) > 1 else left[0]
