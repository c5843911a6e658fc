"""Fewer characters of the bundled text than of a real one: `characters: {bundled, other}`."""

from pathlib import Path
from typing import Any

import pytest

from recurrent import files
from recurrent.data.text import encode as running_text
from recurrent.data.text.dataset import RunningText
from recurrent.errors import PipelineError
from recurrent.validation import checked
from tests.data.texts import TEN_EACH, cleaned, some_text

TEXT = some_text(200)
REAL = pytest.mark.parametrize("source", ["upstream", "own file"])


def first_of(folder: Path, source: str, characters: dict[str, int]) -> RunningText:
    """A text of that source, of which the encoder takes the first characters."""
    cleaned(folder, TEXT, [float(place) for place in range(len(TEXT))])
    files.write_json(folder / "origin.json", {"source": source, "name": "some.txt"})
    settings = running_text.Settings.model_validate({**TEN_EACH, "characters": characters})
    data, report = running_text.encode(folder, settings)
    assert report["characters"] == len(data.ids)
    return data


def test_of_the_bundled_text_so_many_are_taken(tmp_path: Path) -> None:
    data = first_of(tmp_path, "bundled", {"bundled": 120, "other": 150})
    assert data.vocabulary.decode(data.ids) == TEXT[:120]
    assert data.stretches == {"train": (0, 96), "valid": (96, 108), "test": (108, 120)}


@REAL
def test_of_any_other_text_so_many_others_are(tmp_path: Path, source: str) -> None:
    data = first_of(tmp_path, source, {"bundled": 120, "other": 150})
    assert data.vocabulary.decode(data.ids) == TEXT[:150]
    assert data.nats is not None
    assert data.nats.tolist() == [*range(150)]


def test_either_may_be_the_larger(tmp_path: Path) -> None:
    lengths = {"bundled": 150, "other": 120}
    found = [len(first_of(tmp_path, source, lengths).ids) for source in ("bundled", "upstream")]
    assert found == [150, 120]


@REAL
def test_a_shorter_text_is_taken_whole(tmp_path: Path, source: str) -> None:
    data = first_of(tmp_path, source, {"bundled": 120, "other": 201})
    assert data.vocabulary.decode(data.ids) == TEXT


@pytest.mark.parametrize(
    ("characters", "named"),
    [
        ({"bundled": 120, "other": 150, "upstream": 9}, r"characters\.upstream: unknown key"),
        ({"bundled": 120, "othr": 150}, r"characters\.othr: unknown key"),
        ({"bundled": 120, "othr": 150}, r"characters\.other: Field required"),
        ({"bundled": 0, "other": 150}, r"characters\.bundled: .*greater.* or equal to 1 \(found 0"),
        ({"bundled": 120, "other": 0}, r"characters\.other: .*greater.* or equal to 1 \(found 0"),
        ({"bundled": 120, "other": 1.5}, r"characters\.other: .*\(found 1\.5"),
        ({"bundled": 120}, r"characters\.other: Field required"),
        ({"other": 150}, r"characters\.bundled: Field required"),
        ({}, r"characters\.bundled: Field required; characters\.other: Field required"),
        (0, r"characters: .*greater than or equal to 1 \(found 0"),
    ],
)
def test_a_wrong_number_is_refused_by_its_key(characters: Any, named: str) -> None:
    with pytest.raises(PipelineError, match=f"here: .*{named}"):
        checked(running_text.Settings, {**TEN_EACH, "characters": characters}, "here")
