"""params.yaml with a nasty value in the place of each of its own: parameters, or a named key."""

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from recurrent import config as params
from recurrent import config as checking
from recurrent.errors import PipelineError
from tests.project import ROOT
from tests.reliability.ledger import Promise
from tests.reliability.nasty import VALUES, assert_paragraph, complaint

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
Place = tuple[str | int, ...]
REAL = YAML(typ="safe").load((ROOT / "params.yaml").read_text(encoding="utf-8"))
BY_SOURCE = {"bundled", "other"}
FREE = {"settings", "by_hand"}  # whose keys their own module checks


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Every key and every item, sections and leaves."""
    if place:
        yield place
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*place, key))


def one_of_each_kind() -> list[Place]:
    """Without those of other entries of a map, and other items of a list."""
    kinds: dict[Place, Place] = {}
    for place in places(REAL):
        kind = tuple("*" if depth == 1 else part for depth, part in enumerate(place))
        kinds.setdefault(tuple(0 if isinstance(part, int) else part for part in kind), place)
    return [*kinds.values()]


def changed(place: Place, value: Any) -> Any:
    """The real values but for one; the rest is shared."""
    top = section = copy.copy(REAL)
    for part in place[:-1]:
        section[part] = copy.copy(section[part])
        section = section[part]
    section[place[-1]] = value
    return top


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], object]:
    """Reads values as if a file had them: to parse the real one takes longer than all else."""
    parser = SimpleNamespace(parse=lambda text: ())
    monkeypatch.setattr(checking, "YAML", lambda **_: parser)

    def load(values: Any) -> object:
        parser.load = lambda text: values
        return params.load(ROOT / "params.yaml")

    return load


def test_a_nasty_value_at_any_key_is_taken_or_refused_by_its_key(
    read: Callable[[Any], object], promise: Promised, many: Many
) -> None:
    kept = promise(
        "A wrong value in params.yaml is refused by its key",
        f"each of {len(VALUES)} nasty values at each key",
    )
    chosen = [*places(REAL)] if many(0, 1) else one_of_each_kind()
    cases = [(place, value) for place in chosen for value in VALUES]
    for place, value in cases[:: many(7, 3)]:
        kept.injected += 1
        said = complaint(lambda place=place, value=value: read(changed(place, value)))
        keys = [part for part in place if isinstance(part, str)]
        keys = [key for key in keys if key not in BY_SOURCE]  # the fault may be of both together
        named = all(key in said for key in keys) or "there is no" in said
        assert not said or named, (place, value, said)
        assert not said or said.startswith(f"{ROOT}/params.yaml: ")


def test_an_unknown_key_is_refused_wherever_it_stands(
    read: Callable[[Any], object], promise: Promised, many: Many
) -> None:
    kept = promise("An unknown key in params.yaml is refused by its name", "one in each section")
    for place in [*places(REAL)] if many(0, 1) else one_of_each_kind():
        section: Any = REAL
        for part in place:
            section = section[part]
        if isinstance(section, dict) and not FREE & {*place}:
            kept.injected += 1
            said = complaint(lambda place=place: read(changed((*place, "nonesuch"), 1)))
            assert ".".join(map(str, (*place, "nonesuch"))) in said


LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
FILES: dict[str, str | bytes] = {
    "a billion laughs": LAUGHS,
    "a billion laughs as a corpus": f"{LAUGHS}corpora: *a11\nsource: *a11\n",
    "a list that holds itself": "source: &a [*a]\n",
    "a map that holds itself": "corpora: &a {names: *a}\n",
    "lists in lists": "source: " + "[" * 1000 + "]" * 1000,
    "lists in lists, not too many": "source: " + "[" * 90 + "]" * 90,
    "lists in lists, very many": "source: " + "[" * 1_000_000,
    "dashes": "- " * 3000 + "x",
    "more dashes": "- " * 500_000 + "x",
    "maps in maps": "".join(" " * depth + "a:\n" for depth in range(600)),
    "a key twice": "source: bundled\nsource: upstream\n",
    "tabs": "source:\n\t- bundled",
    "two documents": "source: bundled\n---\nsource: bundled\n",
    "YAML 3": "%YAML 3.0\n---\nsource: bundled\n",
    "an object": "!!python/object/apply:os.system [echo]\n",
    "a tag of one's own": "source: !mine bundled\n",
    "a date": "source: 2026-01-01\n",
    "no date": "source: 2026-99-99\n",
    "no time": "source: 2026-01-01T99:99:99Z\n",
    "no number": "source: !!float bundled\n",
    "no integer": "source: !!int ''\n",
    "no truth value": "source: !!bool bundled\n",
    "no base 64": "source: !!binary \xff\n",
    "bytes": "source: !!binary AAAA\n",
    "a set": "source: !!set {bundled}\n",
    "ten thousand digits": "source: " + "9" * 10_000,
    "a hundred thousand digits of 16": "source: 0x" + "f" * 100_000,
    "half a character": 'source: "\\ud800"\n',
    "no character": 'source: "\\Uffffffff"\n',
    "a null character": "source: \0\n",
    "a key of another kind": "null: 1\n1: 2\n[a, b]: 3\n2026-01-01: 4\n",
    "a map as a key": "{a: b}: c\n",
    "a merge of nothing": "<<: 3\n",
    "an alias of nothing": "source: *nothing\n",
    "a very long key": "x" * 100_000 + ": 1\n",
    "ten thousand unknown keys": "".join(f"x{n}: 1\n" for n in range(10_000)),
    "a string without end": 'source: "bundled\n' * 3,
    "10 MB": b"x" * 10_000_000,
    "nothing": b"",
    "UTF-16": "source: bundled\n".encode("utf-16"),
    "GB 18030": "source: 捆绑\n".encode("gb18030"),
    "Latin-1": "source: ü\n".encode("latin-1"),
    "noise": bytes(range(256)),
    "ESC [2J": "source: \x1b[2J\n",
}
LONG = ("a string without end", "ten thousand unknown keys")
DEEP = (
    "lists in lists", "lists in lists, not too many", "lists in lists, very many",
    "dashes", "more dashes", "maps in maps", "a list that holds itself",
)  # fmt: skip


def test_a_file_that_no_one_would_write_is_refused(
    tmp_path: Path, promise: Promised, many: Many
) -> None:
    kept = promise(
        "params.yaml in any state is refused in one paragraph, in bounded time",
        "bombs, nesting, tags, dates, 10 MB, other encodings, a folder",
    )
    path = tmp_path / "params.yaml"
    started = time.monotonic()
    for case, content in FILES.items():
        if case in LONG and not many(0, 1):
            continue
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        kept.injected += 1
        said = complaint(lambda: params.load(path))
        assert f"{path}: " in said, case
        assert "more than 50 levels" in said or case not in DEEP, case
    path.unlink()
    assert "there is no params.yaml here" in complaint(lambda: params.load(path))
    path.mkdir()
    assert "Is a directory" in complaint(lambda: params.load(path))
    path.rmdir()
    path.symlink_to(path.name)
    assert "symbolic links" in complaint(lambda: params.load(path))
    kept.injected += 3
    assert time.monotonic() - started < many(60, 300)


def test_any_text_and_any_bytes_are_refused(scratch: Path, promise: Promised, many: Many) -> None:
    kept = promise("params.yaml of any bytes is refused in one paragraph", "random bytes, marks")
    path = scratch / "params.yaml"
    marks = st.text("[]{}:,-?*&!|>%@`'\"#~ \t\nsource0x<=.", max_size=30)

    @settings(max_examples=many(100, 3_000))
    @given(marks | st.text(max_size=30) | st.binary(max_size=30))
    def refused(content: str | bytes) -> None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        kept.injected += 1
        with pytest.raises(PipelineError) as fault:
            params.load(path)
        assert_paragraph(str(fault.value))

    refused()
