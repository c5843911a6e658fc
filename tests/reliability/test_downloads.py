"""Servers that lie, stall and never stop: the right file or a clear error, within bounds."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent.common.config import Download
from recurrent.common.errors import PipelineError
from recurrent.data import fetch as fetching
from recurrent.data.fetch import RETRIES, Unavailable, fetch
from tests.project import Project, sha256
from tests.reliability.answers import ENDLESS, GOOD, RIGHT, SLOW, TOO_SLOW, WRONG, head
from tests.reliability.ledger import Promise
from tests.reliability.nasty import assert_paragraph
from tests.server import Answer, Server

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
TARGET = Path("raw/names.txt")
ENOUGH_S = 20  # for what takes one second, so that a loaded machine does not fail
ENOUGH_BYTES = 16 << 20


@pytest.fixture(autouse=True)
def tight_bounds(project: Project, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SILENCE_S", 0.3)
    monkeypatch.setattr(fetching, "LARGEST", 4 << 20)


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fail if the test takes too long or too much memory."""
    started = time.monotonic()
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < ENOUGH_BYTES, f"{peak:,} bytes"
    assert time.monotonic() - started < ENOUGH_S


def attempt(url: str) -> None:
    TARGET.unlink(missing_ok=True)
    fetch(Download(url=url, sha256=sha256(GOOD)), TARGET)


def refused(url: str, case: str, says: str = "names.txt") -> None:
    """Expect one paragraph that names the place and the reason, and nothing left behind."""
    with pytest.raises(PipelineError) as fault:
        attempt(url)
    assert url in str(fault.value) and says in str(fault.value), case
    assert_paragraph(str(fault.value))
    assert list(TARGET.parent.iterdir()) == [], case


def test_the_right_file_is_taken_however_it_is_sent(server: Server, promise: Promised) -> None:
    kept = promise("A right file is taken however it is sent", "compressed, chunked, no length")
    for case, answer in RIGHT.items():
        kept.injected += 1
        attempt(server.serves("/names.txt", answer))
        assert TARGET.read_bytes() == GOOD, case
        assert list(TARGET.parent.iterdir()) == [TARGET], case


@pytest.mark.usefixtures("bounded")
def test_any_other_answer_is_refused_unless_the_next_one_is_right(
    server: Server, promise: Promised
) -> None:
    kept = promise(
        "A download ends in the right file or in a clear error, and leaves nothing half-written",
        "truncated, damaged, 4xx and 5xx, malformed HTTP, circular redirects",
    )
    for case, (answer, says) in WRONG.items():
        kept.injected += 2
        refused(server.serves("/names.txt", answer), case, says)
        try:
            attempt(server.serves("/names.txt", answer, Answer(GOOD)))
        except Unavailable:
            assert case in ("404", "an endless 404"), case
        else:
            assert TARGET.read_bytes() == GOOD, case
            TARGET.unlink()


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("case", ENDLESS)
def test_an_endless_answer_is_given_up(case: str, server: Server, promise: Promised) -> None:
    kept = promise("An endless download is given up, in bounded memory", case)
    kept.injected = 1
    answer, says = ENDLESS[case]
    refused(server.serves("/names.txt", answer), case, says)


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("case", SLOW)
def test_a_slow_answer_is_given_up(
    case: str, server: Server, promise: Promised, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = promise("A download that hangs is given up, however it hangs", case)
    kept.injected = 1
    answer, says = SLOW[case]
    if says == TOO_SLOW:
        monkeypatch.setattr(fetching, "DEADLINE_S", 0.5)
    refused(server.serves("/names.txt", answer), case, says)
    assert 1 <= len(server.requests) <= RETRIES + 1


def test_any_bytes_in_place_of_an_answer_are_refused(
    server: Server, promise: Promised, many: Many
) -> None:
    kept = promise("Any bytes in place of an answer end in a clear error", "random bytes")
    starts = st.sampled_from([b"", b"HTTP/", b"HTTP/1.1 200 OK\r\n", head()])

    @settings(max_examples=many(10, 300), suppress_health_check=[HealthCheck.too_slow])
    @given(starts, st.binary(max_size=300))
    def sent(start: bytes, rest: bytes) -> None:
        kept.injected += 1
        refused(server.serves("/names.txt", Answer(start + rest, bare=True)), "random")

    sent()
