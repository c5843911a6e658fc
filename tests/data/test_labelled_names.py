"""Labelled names: who is kept, with which label, and what the source itself would reach."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent import files
from recurrent.data.names import encode as labelled_names
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.names.encode import Settings, encode
from recurrent.errors import PipelineError

LABELS = {"王小红": "女", "李伟": "男", "王芳": "女", "王伟伟": "女", "李小伟": "男"}
PROBABILITIES = {"王小红": 0.1, "李伟": 0.9, "王芳": 0.2, "王伟伟": 0.2, "李小伟": 0.7}


def cleaned(folder: Path, *, known: bool) -> Path:
    """The output of cleaning those five names."""
    counts = Counter("".join(LABELS)).most_common()  # 伟 4, 王 3, 小 2, 李 2, 红, 芳
    pd.DataFrame(counts, columns=["character", "count"]).to_csv(
        folder / "frequencies.csv", index=False
    )
    table = pd.DataFrame({"name": LABELS.keys(), "label": LABELS.values()})
    if known:
        table["male_probability"] = table["name"].map(PROBABILITIES)
    table.to_csv(folder / "names.csv", index=False)
    files.write_json(folder / "origin.json", {"source": "own file", "name": "five.txt"})
    return folder


def settings(top_characters: int | None, test: int | float = 1) -> Settings:
    return Settings(top_characters=top_characters, test=test, seed=0)


def labels(data: LabelledNames) -> dict[str, str]:
    return {data.name(row): "男女"[label] for row, label in enumerate(data.labels)}


def test_all_characters_keep_all_names_with_their_labels(tmp_path: Path) -> None:
    data, report = encode(cleaned(tmp_path, known=False), settings(None))
    assert labels(data) == LABELS
    assert report["names"] == report["kept"] == 5
    assert report["vocabulary"] == 7  # six characters and padding
    assert report["origin"] == data.origin == {"source": "own file", "name": "five.txt"}
    assert data.oracle is None
    assert report["floor"] is None


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_however_many_are_read_at_once_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    cleaned(tmp_path, known=True)
    whole, report = encode(tmp_path, settings(5))
    monkeypatch.setattr(labelled_names, "AT_ONCE", at_once)
    in_parts, the_same = encode(tmp_path, settings(5))
    assert the_same == report
    for part in ("ids", "lengths", "labels", "oracle"):
        np.testing.assert_array_equal(getattr(in_parts, part), getattr(whole, part))
        assert getattr(in_parts, part).dtype == getattr(whole, part).dtype


def test_only_names_wholly_in_the_most_frequent_characters_are_kept(tmp_path: Path) -> None:
    data, report = encode(cleaned(tmp_path, known=True), settings(4))
    assert data.vocabulary.characters[1:] == ("伟", "王", "小", "李")
    assert labels(data) == {name: LABELS[name] for name in ("李伟", "王伟伟", "李小伟")}
    assert (report["names"], report["kept"]) == (5, 3)
    assert data.oracle is not None
    assert data.oracle.tolist() == pytest.approx([0.9, 0.2, 0.7])


def test_the_floor_is_that_of_the_test_names(tmp_path: Path) -> None:
    data, report = encode(cleaned(tmp_path, known=True), settings(None, test=2))
    names = [data.name(row) for row in data.splits["test"]]
    right = [max(PROBABILITIES[name], 1 - PROBABILITIES[name]) for name in names]
    floor = data.floor("test")
    assert floor
    assert report["floor"] == floor
    assert floor["expected_accuracy"] == pytest.approx(np.mean(right), abs=1e-6)


@pytest.mark.parametrize(("test", "names"), [(1, 1), (2, 2), (0.2, 1), (0.4, 2)])
def test_a_size_is_a_count_or_a_share(tmp_path: Path, test: int | float, names: int) -> None:
    data, report = encode(cleaned(tmp_path, known=False), settings(None, test))
    assert report["test"] == len(data.splits["test"]) == names
    assert report["train"] == 5 - names


def test_when_no_name_is_left_it_says_what_to_raise(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no name .* 1 most frequent.*Raise top_characters"):
        encode(cleaned(tmp_path, known=False), settings(1))


def test_more_names_than_there_are_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="5 records do not suffice"):
        encode(cleaned(tmp_path, known=False), settings(None, test=5))


def test_names_of_one_sex_alone_teach_nothing(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"1 names for train are all .\. Raise train"):
        encode(cleaned(tmp_path, known=False), Settings(train=1, test=1, seed=0))
