"""Answers that a server may send in place of a file, and what the error then says."""

import gzip
from collections.abc import Iterable
from itertools import repeat

from tests.server import Answer

GOOD = "丁一,男\n".encode() * 50
BLOCK = bytes(1 << 16)
TOO_LARGE = "larger than 4 MiB"
TOO_SLOW = "took more than 0.5 s"


def head(*lines: str) -> bytes:
    """Return the exact bytes of a status line and headers."""
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def redirect(place: str, body: bytes | Iterable[bytes] = b"") -> Answer:
    return Answer(body, status=302, headers={"Location": place})


CHUNKED = {"Transfer-Encoding": "chunked"}
GZIP, GZIP_GZIP = {"Content-Encoding": "gzip"}, {"Content-Encoding": "gzip, gzip"}
RIGHT = {
    "plain": Answer(GOOD),
    "compressed": Answer(gzip.compress(GOOD), headers=GZIP),
    "in many small chunks": Answer(
        [*map(chunk, (GOOD[i : i + 3] for i in range(0, len(GOOD), 3))), b"0\r\n\r\n"],
        headers=CHUNKED,
    ),
    "without a length": Answer([GOOD]),
    "a little at a time": Answer([GOOD[i : i + 150] for i in range(0, len(GOOD), 150)], pause=0.02),
}
DIFFERS, GIVEN_UP = "differs from the one that params.yaml pins", "no complete answer in 4 tries"
WRONG = {
    "another file": (Answer(b"<html>Log in to the network</html>"), DIFFERS),
    "truncated": (Answer(GOOD[:100], claimed=len(GOOD)), GIVEN_UP),
    "truncated, without a length": (Answer([GOOD[:100]]), DIFFERS),
    "truncated in a chunk": (Answer([chunk(GOOD)[:100]], headers=CHUNKED), GIVEN_UP),
    "truncated, compressed": (Answer(gzip.compress(GOOD)[:20], headers=GZIP), DIFFERS),
    "longer than claimed": (Answer(GOOD * 2, claimed=len(GOOD) - 1), DIFFERS),
    "not compressed as claimed": (Answer(GOOD, headers=GZIP), "Error -3"),
    "a length that is text": (Answer([head("Content-Length: many"), GOOD], bare=True), "'many'"),
    "two lengths": (Answer([head("Content-Length: 1, 2"), GOOD], bare=True), GIVEN_UP),
    "an empty answer": (Answer(bare=True), "without response"),
    "not HTTP": (Answer(GOOD, bare=True), "BadStatusLine"),
    "endless headers": (Answer([head()[:-2], *repeat(b"A: b\r\n", 999)], bare=True), "headers"),
    "an endless header": (Answer([head()[:-2], b"A" * (1 << 17)], bare=True), "LineTooLong"),
    "404": (Answer(b"gone", status=404), "answers 404"),
    "an endless 404": (Answer(repeat(BLOCK), status=404), "answers 404"),
    "429": (Answer(status=429, headers={"Retry-After": "86400"}), "429"),
    "500": (Answer(status=500), "500"),
    "a redirect with an endless body": (redirect("/names.txt", repeat(BLOCK)), "30 redirects"),
    "a redirect to a local file": (redirect("file:///etc/hostname"), "No connection adapters"),
    "a malformed redirect": (redirect("http://["), "Invalid IPv6"),
}
ZEROS = gzip.compress(bytes(16 << 20), 1)
ENDLESS = {
    "a body": (Answer(repeat(BLOCK)), TOO_LARGE),
    "a body longer than claimed": (Answer(repeat(BLOCK), claimed=1 << 50), TOO_LARGE),
    "chunks": (Answer(repeat(chunk(BLOCK)), headers=CHUNKED), TOO_LARGE),
    "the size of a chunk": (Answer(repeat(b"1" * 9999), headers=CHUNKED), GIVEN_UP),
    "a gzip bomb": (Answer(ZEROS, headers=GZIP), TOO_LARGE),
    "a gzip bomb in a gzip": (Answer(gzip.compress(ZEROS * 256), headers=GZIP_GZIP), TOO_LARGE),
}
SLOW = {
    "silence": (Answer([GOOD], bare=True, pause=60), "timed out"),
    "silence after the headers": (Answer([GOOD], claimed=len(GOOD), pause=60), "timed out"),
    "a byte now and then": (Answer(repeat(b"x"), pause=0.05), TOO_SLOW),
    "a byte of a status line": (Answer(repeat(b"H"), bare=True, pause=0.05), TOO_SLOW),
    "100 Continue": (Answer(repeat(head().replace(b"200", b"100")), bare=True), TOO_SLOW),
}
