"""Servers that lie, stall, drip and never end: the right file or a clear error, in bounds."""

import os
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent.data import transfer
from recurrent.data.fetch import RETRIES, Pin, fetch
from recurrent.data.transfer import Unavailable
from recurrent.errors import PipelineError
from tests.project import ROOT, Project, sha256
from tests.reliability.answers import (
    GOOD,
    GZIP,
    RIGHT,
    SLOW,
    TOO_SLOW,
    WITHOUT_END,
    WRONG,
    ZEROS,
    head,
)
from tests.reliability.ledger import Promise
from tests.server import Answer, Server

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
PIN = Pin("sha256", sha256(GOOD))
TARGET = Path("raw/names.txt")
ENOUGH_S = 20  # for what takes one: a loaded machine is no failure
ENOUGH_BYTES = 16 << 20


@pytest.fixture(autouse=True)
def impatient(project: Project, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test can reach."""
    monkeypatch.setattr(transfer, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(transfer, "LARGEST", 4 << 20)


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fails what took long, or much memory."""
    started = time.monotonic()
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < ENOUGH_BYTES, f"{peak:,} bytes"
    assert time.monotonic() - started < ENOUGH_S


def refused(url: str, case: str, says: str = "names.txt") -> None:
    """With an error that names the place and says why; nothing is left behind."""
    with pytest.raises(PipelineError) as fault:
        fetch(url, PIN, TARGET)
    assert url in str(fault.value) and says in str(fault.value), case
    assert list(TARGET.parent.iterdir()) == [], case


def test_however_the_right_file_comes_it_is_taken(server: Server, promise: Promised) -> None:
    kept = promise("A right file is taken however it comes", "packed, in chunks, without a length")
    for case, answer in RIGHT.items():
        kept.injected += 1
        fetch(server.serves("/names.txt", answer), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD, case
        assert list(TARGET.parent.iterdir()) == [TARGET], case


@pytest.mark.usefixtures("bounded")
def test_whatever_else_comes_is_refused(server: Server, promise: Promised) -> None:
    kept = promise(
        "A download ends in the right file or in a clear error, and leaves nothing half-written",
        "cut off, damaged, 4xx and 5xx, nonsense for HTTP, redirects in a circle",
    )
    for case, (answer, says) in WRONG.items():
        kept.injected += 1
        refused(server.serves("/names.txt", answer), case, says)


def test_after_a_fault_that_passes_the_right_file_is_taken(
    server: Server, promise: Promised
) -> None:
    kept = promise("A fault that passes costs another try", "each fault once, then the right file")
    for case, (answer, _) in WRONG.items():
        url = server.serves("/names.txt", answer, Answer(GOOD))
        server.asked.clear()
        kept.injected += 1
        try:
            fetch(url, PIN, TARGET)
        except Unavailable:
            assert case in ("400", "404", "an endless 404"), case
            assert len(server.asked) == 1
        else:
            assert TARGET.read_bytes() == GOOD, case


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("case", WITHOUT_END)
def test_what_never_ends_is_given_up(case: str, server: Server, promise: Promised) -> None:
    kept = promise("A download that never ends is given up, in bounded memory", case)
    kept.injected = 1
    answer, says = WITHOUT_END[case]
    refused(server.serves("/names.txt", answer), case, says)


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("case", SLOW)
def test_what_hangs_is_given_up(
    case: str, server: Server, promise: Promised, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = promise("A download that hangs is given up, however it hangs", case)
    kept.injected = 1
    answer, says = SLOW[case]
    if says == TOO_SLOW:
        monkeypatch.setattr(transfer, "DEADLINE_S", 0.5)
    refused(server.serves("/names.txt", answer), case, says)
    assert 1 <= len(server.asked) <= RETRIES + 1


def test_any_bytes_in_the_place_of_an_answer(server: Server, promise: Promised, many: Many) -> None:
    kept = promise("Any bytes in the place of an answer end in a clear error", "random bytes")

    beginnings = st.sampled_from([b"", b"HTTP/", b"HTTP/1.1 200 OK\r\n", head()])

    @settings(max_examples=many(10, 300), suppress_health_check=[HealthCheck.too_slow])
    @given(beginnings, st.binary(max_size=300))
    def sent(beginning: bytes, rest: bytes) -> None:
        kept.injected += 1
        refused(server.serves("/names.txt", Answer(beginning + rest, bare=True)), "random")

    sent()


@pytest.mark.long
def test_a_bomb_as_large_as_they_come(
    project: Project, server: Server, promise: Promised, tmp_path: Path
) -> None:
    kept = promise(
        "A download that never ends is given up, in bounded memory",
        "4 GiB in 4 MiB, with the bounds as they are and 1 GiB of memory",
    )
    kept.injected = 1
    url = server.serves("/names.txt", Answer(ZEROS * 256, headers=GZIP))
    project.edit({"corpora.names.url": url, "corpora.names.sha256": PIN.digest})
    done = subprocess.run(
        [sys.executable, "-m", "stages.download", "names"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: names.txt: ")
    assert f"{url}: the file is larger than 1,024 MiB." in done.stderr
    assert "Traceback" not in done.stderr
    assert project.listing("data") == set()
