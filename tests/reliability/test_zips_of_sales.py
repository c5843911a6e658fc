"""Zips of sales' tables, damaged or bombs: the tables, or a clear error."""

import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent.data.sales import clean as sales
from recurrent.errors import PipelineError
from tests.data import stores
from tests.reliability.ledger import Promise

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]


def read(path: Path, content: bytes) -> sales.Tables:
    path.write_bytes(content)
    return sales.read(path)


def test_wherever_it_is_damaged_it_is_refused_or_read_aright(
    scratch: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "A damaged zip of tables is refused, or read to the letter",
        "up to eight bytes changed, the end cut off",
    )
    path = scratch / sales.FILE
    # Of no state of Germany: without the places, which a zip may leave out, they are refused.
    content = {n: c.replace(b"BE", b"AR") for n, c in stores.written(stores.tables()).items()}
    whole = [
        stores.packed(content, method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    ]
    read_whole = {name: table.to_csv() for name, table in read(path, whole[0]).items()}

    @settings(max_examples=many(60, 10_000))
    @given(
        st.sampled_from(whole),
        st.dictionaries(st.integers(4, max(map(len, whole))), st.integers(0, 255), max_size=8),
        st.none() | st.integers(4, 1_000),
    )
    def attempt(content: bytes, damage: dict[int, int], length: int | None) -> None:
        damaged = bytearray(content)
        for place, byte in damage.items():
            if place < len(damaged):
                damaged[place] = byte
        kept.injected += 1
        try:
            found = read(path, bytes(damaged[:length]))
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            kept.lost += {name: table.to_csv() for name, table in found.items()} != read_whole

    attempt()
    assert not kept.lost


def test_any_bytes_in_the_place_of_a_table(scratch: Path, promise: Promised, many: Many) -> None:
    kept = promise("Any bytes in the place of a table are one or refused", "random bytes")
    path = scratch / sales.FILE
    content = stores.written(stores.tables())

    @settings(max_examples=many(40, 5_000))
    @given(st.sampled_from([*content]), st.integers(0, 400), st.binary(max_size=40))
    def attempt(name: str, length: int, rest: bytes) -> None:
        kept.injected += 1
        try:
            changed = {**content, name: content[name][:length] + rest}
            found = read(path, stores.packed(changed))
        except PipelineError as fault:
            assert str(fault).startswith(f"{path}: ")
        else:
            assert {*found} == {*content}

    attempt()


def test_a_bomb_among_the_tables_is_refused_and_beside_them_left_alone(
    scratch: Path, monkeypatch: pytest.MonkeyPatch, promise: Promised
) -> None:
    kept = promise("A zip of tables is unpacked in bounded memory", "bombs")
    monkeypatch.setattr(sales, "LARGEST", 1 << 20)
    path = scratch / sales.FILE
    content, bomb = stores.written(stores.tables()), bytes(16 << 20)
    for name in (*content, "test.csv"):
        zipped = stores.packed({**content, name: bomb})
        tracemalloc.start()
        try:
            read(path, zipped)
        except PipelineError as fault:
            assert f"{path}: unpacks to more than 1 MiB" in str(fault)
            assert name in content
        else:
            assert name == "test.csv"
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20, name
        kept.injected += 1
