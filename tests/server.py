"""A web server on loopback that plays back prepared answers."""

from collections import defaultdict
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType


@dataclass(frozen=True)
class Answer:
    """What is sent; `claimed` is the Content-Length where it is not the body's own."""

    body: bytes = b""
    status: int = 200
    claimed: int | None = None


class Server:
    """Answers each path in turn, the last answer again and again; 404 where none is prepared."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler) -> None:  # noqa: N805 - `self` is the server here
                answer = self._next(handler.path)
                handler.send_response(answer.status)
                length = len(answer.body) if answer.claimed is None else answer.claimed
                handler.send_header("Content-Length", str(length))
                handler.end_headers()
                handler.wfile.write(answer.body)

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
