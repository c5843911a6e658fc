import math
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.frequencies import count_characters
from recurrent.data.text import clean as text
from recurrent.data.text import lyrics, prose
from recurrent.errors import PipelineError
from tests.project import Project

TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab,\"'\r\n\t 不分，"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    )
)


# A byte-order mark is the encoding's; anywhere else the character is text.
UNMARKED = TEXTS.map(lambda content: content.lstrip("\ufeff")).filter(str.strip)


@given(UNMARKED, st.sampled_from(["utf-8", "utf-8-sig"]))
def test_a_text_is_read_and_written_to_the_letter(
    scratch: Path, content: str, encoding: str
) -> None:
    decoded = text.decode(content.encode(encoding), scratch)
    report = text.clean(decoded, scratch / "no raw folder", scratch)
    assert (scratch / "text.txt").read_bytes() == content.encode()
    assert report["characters"] == len(content)
    assert report["lines"] == len(content.split("\n"))
    assert report["distinct_characters"] == len(set(content))


@given(st.binary())
def test_any_bytes_are_text_or_an_error_of_ours(content: bytes) -> None:
    try:
        assert text.decode(content, Path("a.txt")).strip()
    except PipelineError as fault:
        assert str(fault).startswith("a.txt: ")


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", "\u3000".encode()])
def test_an_empty_text_is_refused(content: bytes) -> None:
    with pytest.raises(PipelineError, match=r"a\.txt: holds no text"):
        text.decode(content, Path("a.txt"))


def test_what_is_not_utf8_is_refused_by_byte_and_line() -> None:
    content = b"Supposing\nthat truth is a woman\n" + b"caf\xe9\n"
    with pytest.raises(PipelineError, match=r"not UTF-8 at byte 35 \(line 3\).*Save it as UTF-8"):
        text.decode(content, Path("a.txt"))


def test_a_text_with_null_characters_is_refused() -> None:
    # UTF-16 of English is valid UTF-8 of every second character; a vocabulary has no place for \0.
    with pytest.raises(PipelineError, match="UTF-8"):
        text.decode("What then?".encode("utf-16-le"), Path("a.txt"))


def counted(folder: Path) -> list[tuple[str, int]]:
    table = pd.read_csv(folder / "frequencies.csv", keep_default_na=False)
    return list(zip(table["character"], table["count"], strict=True))


def test_characters_are_counted_most_frequent_first_and_ties_in_order(tmp_path: Path) -> None:
    report = text.clean('b,a\n"b",\n', tmp_path, tmp_path)
    assert counted(tmp_path) == [("\n", 2), ('"', 2), (",", 2), ("b", 2), ("a", 1)]
    assert report["most_frequent"] == {"\n": 2, '"': 2, ",": 2, "b": 2, "a": 1}


@given(TEXTS)
def test_every_character_is_counted_under_its_own_name(scratch: Path, content: str) -> None:
    count_characters(content, scratch)
    assert dict(counted(scratch)) == Counter(content)


@pytest.mark.parametrize(("length", "tail"), [(0, 0), (9, 0), (10, 1), (100, 10), (199, 19)])
def test_the_held_out_stretch_is_the_last_tenth(length: int, tail: int) -> None:
    assert list(range(length))[text.held_out(length)] == list(range(length - tail, length))


@pytest.mark.parametrize("corpus", [prose, lyrics])
class TestBundled:
    SEED, SIZE = 5, 4000

    def test_the_same_seed_is_the_same_bytes(self, tmp_path: Path, corpus: ModuleType) -> None:
        written = []
        for name, seed in (("a", self.SEED), ("b", self.SEED), ("c", self.SEED + 1)):
            folder = tmp_path / name
            folder.mkdir()
            corpus.generate(folder, seed, self.SIZE)
            files = corpus.FILE, text.COSTS
            assert {path.name for path in folder.iterdir()} == set(files)
            written.append([(folder / file).read_bytes() for file in files])
        assert written[0] == written[1]
        assert written[0] != written[2]

    def test_every_character_has_its_cost_and_the_floor_is_their_mean(
        self, tmp_path: Path, corpus: ModuleType
    ) -> None:
        raw, out = tmp_path / "raw", tmp_path / "clean"
        raw.mkdir()
        out.mkdir()
        corpus.generate(raw, self.SEED, self.SIZE)
        corpus.check(raw / corpus.FILE)
        report = corpus.clean(raw / corpus.FILE, out, None)
        content = (out / "text.txt").read_text(encoding="utf-8")
        nats = np.load(out / text.COSTS)
        assert len(content) >= self.SIZE
        assert len(nats) == len(content)
        tenth = len(content) // 10
        assert report["floor_nats_per_character"] == {
            "whole_text": pytest.approx(math.fsum(nats) / len(nats), abs=1e-6),
            "last_tenth": pytest.approx(math.fsum(nats[-tenth:]) / tenth, abs=1e-6),
        }
        assert report["most_frequent"] == dict(
            sorted(Counter(content).items(), key=lambda item: (-item[1], item[0]))[:20]
        )


def test_a_text_without_known_costs_states_no_floor(project: Project) -> None:
    path = project.file("prose.txt", b"Was dann?")
    report = prose.clean(path, project.folder, None)  # type: ignore[arg-type]
    assert "floor_nats_per_character" not in report
    assert not (project.folder / text.COSTS).exists()
