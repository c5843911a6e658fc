"""What a server may answer in the place of a file, and what is then said of it."""

import gzip
from collections.abc import Iterable
from itertools import repeat

from tests.server import Answer

GOOD = "丁一,男\n".encode() * 50
BLOCK = bytes(1 << 16)
TOO_LARGE = "larger than 4 MiB"
TOO_SLOW = "not here after 0.5 s"


def head(*lines: str) -> bytes:
    """How an answer begins, to the letter."""
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def redirect(place: str, body: bytes | Iterable[bytes] = b"") -> Answer:
    return Answer(body, status=302, headers={"Location": place})


CHUNKED = {"Transfer-Encoding": "chunked"}
GZIP, GZIP_GZIP = {"Content-Encoding": "gzip"}, {"Content-Encoding": "gzip, gzip"}
RIGHT = {
    "as it is": Answer(GOOD),
    "packed": Answer(gzip.compress(GOOD), headers=GZIP),
    "packed twice": Answer(gzip.compress(gzip.compress(GOOD)), headers=GZIP_GZIP),
    "in many small chunks": Answer(
        [*map(chunk, (GOOD[i : i + 3] for i in range(0, len(GOOD), 3))), b"0\r\n\r\n"],
        headers=CHUNKED,
    ),
    "without a length": Answer([GOOD]),
    "a little at a time": Answer([GOOD[i : i + 150] for i in range(0, len(GOOD), 150)], pause=0.02),
}
DIFFERS, GIVEN_UP = "not the file that params", "no answer after 4 tries"
WRONG = {
    "another file": (Answer(b"<html>Log in to the network</html>"), DIFFERS),
    "nothing": (Answer(), DIFFERS),
    "cut off": (Answer(GOOD[:100], claimed=len(GOOD)), GIVEN_UP),
    "cut off, without a length": (Answer([GOOD[:100]]), DIFFERS),
    "cut off in a chunk": (Answer([chunk(GOOD)[:100]], headers=CHUNKED), GIVEN_UP),
    "cut off, packed": (Answer(gzip.compress(GOOD)[:20], headers=GZIP), DIFFERS),
    "more than it claims": (Answer(GOOD * 2, claimed=len(GOOD) - 1), DIFFERS),
    "not packed as it claims": (Answer(GOOD, headers=GZIP), "Error -3"),
    "no chunks as it claims": (Answer(GOOD, headers=CHUNKED), GIVEN_UP),
    "a length that is none": (Answer([head("Content-Length: many"), GOOD], bare=True), "'many'"),
    "two lengths": (Answer([head("Content-Length: 1, 2"), GOOD], bare=True), GIVEN_UP),
    "no answer at all": (Answer(bare=True), "without response"),
    "no HTTP": (Answer(GOOD, bare=True), "BadStatusLine"),
    "headers without end": (Answer([head()[:-2], *repeat(b"A: b\r\n", 999)], bare=True), "headers"),
    "an endless header": (
        Answer([head()[:-2], b"A" * (1 << 17)], bare=True),
        "LineTooLong",
    ),
    "400": (Answer(status=400), "answers 400"),
    "404": (Answer(b"gone", status=404), "answers 404"),
    "an endless 404": (Answer(repeat(BLOCK), status=404), "answers 404"),
    "429": (Answer(status=429, headers={"Retry-After": "86400"}), "429"),
    "500": (Answer(status=500), "500"),
    "503": (Answer(status=503), "503"),
    "a redirect to itself": (redirect("/names.txt"), "30 redirects"),
    "a redirect with an endless body": (redirect("/names.txt", repeat(BLOCK)), "30 redirects"),
    "a redirect to a file here": (redirect("file:///etc/hostname"), "No connection adapters"),
    "a redirect to nonsense": (redirect("http://["), "Invalid IPv6"),
}
ZEROS = gzip.compress(bytes(16 << 20), 1)
WITHOUT_END = {
    "a body": (Answer(repeat(BLOCK)), TOO_LARGE),
    "a body longer than it claims": (Answer(repeat(BLOCK), claimed=1 << 50), TOO_LARGE),
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
    "a chunk now and then": (Answer(repeat(chunk(b"x")), headers=CHUNKED, pause=0.05), TOO_SLOW),
    "100 Continue": (Answer(repeat(head().replace(b"200", b"100")), bare=True), TOO_SLOW),
}
