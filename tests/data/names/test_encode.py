"""Encoded names: which are kept, with which labels, in which split."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent.common import files
from recurrent.common.config import checked
from recurrent.common.errors import PipelineError
from recurrent.data.names import encode as encoder
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.names.encode import Settings, encode

LABELS = {"王小红": "女", "李伟": "男", "王芳": "女", "王伟伟": "女", "李小伟": "男"}
MALE = {"王小红": 0.1, "李伟": 0.9, "王芳": 0.2, "王伟伟": 0.2, "李小伟": 0.7}
ORIGIN = {"source": "own file", "name": "five.txt"}


def cleaned(folder: Path, *, known: bool) -> Path:
    """Write those five names as cleaning does."""
    counts = Counter("".join(LABELS)).most_common()  # 伟 4, 王 3, 小 2, 李 2, 红, 芳
    frequencies = pd.DataFrame(counts, columns=["character", "count"])
    frequencies.to_csv(folder / "frequencies.csv", index=False)
    table = pd.DataFrame({"name": LABELS.keys(), "label": LABELS.values()})
    if known:
        table["male_probability"] = table["name"].map(MALE)
    table.to_csv(folder / "names.csv", index=False)
    files.write_json(folder / "origin.json", ORIGIN)
    return folder


def settings(top_characters: int | None, test: int | float = 1) -> Settings:
    return Settings(top_characters=top_characters, test=test, seed=0)


def labels(data: LabelledNames) -> dict[str, str]:
    return {data.name(row): "男女"[label] for row, label in enumerate(data.labels)}


def test_all_characters_keep_all_names_with_their_labels(tmp_path: Path) -> None:
    data, report = encode(cleaned(tmp_path, known=False), settings(None))
    assert labels(data) == LABELS
    assert data.male_probability is None
    assert report == {
        "origin": ORIGIN,
        "names": 5,
        "kept": 5,
        "vocabulary": 7,  # six characters and padding
        "train": 4,
        "valid": 0,
        "test": 1,
        "test_names_trained_on": 0,
        "bayes": None,
    }


def test_names_with_a_rarer_character_are_left_out(tmp_path: Path) -> None:
    data, report = encode(cleaned(tmp_path, known=True), settings(4))
    assert data.vocabulary.characters[1:] == ("伟", "王", "小", "李")
    assert labels(data) == {name: LABELS[name] for name in ("李伟", "王伟伟", "李小伟")}
    assert (report["names"], report["kept"]) == (5, 3)
    assert data.male_probability is not None
    assert data.male_probability.tolist() == pytest.approx([0.9, 0.2, 0.7])
    assert report["bayes"] == data.bayes("test")


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_the_size_of_a_chunk_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    cleaned(tmp_path, known=True)
    whole, report = encode(tmp_path, settings(5))
    monkeypatch.setattr(encoder, "CHUNK", chunk)
    in_chunks, same_report = encode(tmp_path, settings(5))
    assert same_report == report
    for key in ("ids", "lengths", "labels", "male_probability"):
        one, other = getattr(in_chunks, key), getattr(whole, key)
        np.testing.assert_array_equal(one, other, strict=True)


@pytest.mark.parametrize(("test", "names"), [(2, 2), (0.4, 2)])
def test_a_size_is_a_count_or_a_share(tmp_path: Path, test: int | float, names: int) -> None:
    data, report = encode(cleaned(tmp_path, known=False), settings(None, test))
    assert report["test"] == len(data.splits["test"]) == names
    assert report["train"] == 5 - names


def test_independent_draws_overlap_and_the_report_counts_it(tmp_path: Path) -> None:
    wanted = Settings(split="independent", train=4, test=4, seed=0)
    data, report = encode(cleaned(tmp_path, known=False), wanted)
    both = {*data.splits["train"]} & {*data.splits["test"]}
    assert report["test_names_trained_on"] == len(both) >= 3
    assert (report["train"], report["valid"], report["test"]) == (4, 0, 4)


def test_a_split_by_given_name_shares_none(tmp_path: Path) -> None:
    wanted = Settings(split="by_given_name", test=2, seed=1)
    data, report = encode(cleaned(tmp_path, known=False), wanted)
    given = {split: {data.name(row)[1:] for row in rows} for split, rows in data.splits.items()}
    assert len(given["test"]) == 2  # of 小红, 伟, 芳, 伟伟 and 小伟
    assert given["train"] == {"小红", "伟", "芳", "伟伟", "小伟"} - given["test"]
    assert report["train"] == 5 - len(data.splits["test"])


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (settings(1), r"no name consists of the 1 most frequent.*Raise top_characters"),
        (settings(None, test=5), "5 records are too few"),
        (Settings(train=1, test=1, seed=0), r"all 1 training names are labelled .\. Raise train"),
    ],
)
def test_settings_that_leave_too_few_names_are_refused(
    tmp_path: Path, wanted: Settings, says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        encode(cleaned(tmp_path, known=False), wanted)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"top_character": 5}, "top_character: unknown key"),
        ({"top_characters": 0}, "top_characters: .*got 0"),
        ({"train": 0.5}, r"train: .*got 0\.5"),
        ({"valid": True}, "valid: .*got True"),
        ({"test": 1.5}, r"test: .*got 1\.5"),
        ({"seed": -1}, "seed: .*got -1"),
        ({"split": "independent"}, "independent draws need counts"),
        ({"split": "by_given_name", "train": 5}, "needs `train: null`"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(change: dict[str, object], says: str) -> None:
    with pytest.raises(PipelineError, match=f"here: .*{says}"):
        checked(Settings, {"test": 1, "seed": 0, **change}, "here")
