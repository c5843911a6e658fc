"""Texts, plain or zipped: read exactly, or refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.text import clean as text
from tests.data.stores import packed

SONG = "想要有直升机\r\n想要和你飞到宇宙去\n" * 20
CORPUS = Corpus(kind="text", synthetic=Synthetic(seed=5, size=4000, grammar="prose"))
TEXTS = st.text(
    st.sampled_from("ab,\"'\r\n\t 不分，") | st.characters(codec="utf-8", exclude_characters="\0")
)
# A byte-order mark belongs to the encoding; anywhere else the character is text.
UNMARKED = TEXTS.map(lambda content: content.lstrip("\ufeff")).filter(str.strip)


def raw(folder: Path, content: bytes) -> Path:
    path = folder / text.FILE
    path.write_bytes(content)
    return path


@given(UNMARKED, st.sampled_from(["utf-8", "utf-8-sig"]), st.booleans())
def test_a_text_is_read_and_written_exactly(
    scratch: Path, content: str, encoding: str, zipped: bool
) -> None:
    written = content.encode(encoding)
    path = raw(scratch, packed({"album.txt": written}) if zipped else written)
    report = text.clean(path, scratch, CORPUS)
    assert (scratch / "text.txt").read_bytes() == content.encode()
    assert report["characters"] == len(content)
    assert report["lines"] == len(content.split("\n"))
    assert report["distinct_characters"] == len(set(content))
    assert "bayes_nats_per_character" not in report, "of an unknown source"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the text is empty"),
        (b"\xef\xbb\xbf\n \r\n", "the text is empty"),
        (b"Supposing\nthat truth\n" + b"caf\xe9\n", r"not UTF-8 at byte 24 \(line 3\)"),
        ("What then?".encode("utf-16-le"), "null characters"),
        (packed({"a.txt": SONG.encode("gb18030")}), r"not UTF-8 at byte 0 \(line 1\)"),
        (packed({"a.pdf": b"a"}), r"must hold one \.txt file, but holds \['a\.pdf'\]"),
        (b"PK\x03\x04 of gold", "the zip cannot be read"),
    ],
)
def test_what_is_not_a_text_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        text.check(raw(tmp_path, content))


def test_a_generated_text_has_a_cost_for_each_character(tmp_path: Path) -> None:
    text.generate(tmp_path, CORPUS.synthetic)
    text.check(tmp_path / text.FILE)
    out = tmp_path / "clean"
    out.mkdir()
    report = text.clean(tmp_path / text.FILE, out, CORPUS)
    nats = np.load(out / text.NATS)
    assert len(nats) == len((out / "text.txt").read_text(encoding="utf-8")) >= 4000
    mean = nats.mean(dtype=float)
    assert report["bayes_nats_per_character"] == pytest.approx(mean, abs=1e-6)


def test_a_generated_text_needs_a_grammar(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"Set `synthetic\.grammar`"):
        text.generate(tmp_path, Synthetic(seed=0, size=1))
