"""The encode stage: clean records of either kind to arrays on disk, and a report on them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent import files
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.text.dataset import RunningText
from recurrent.errors import PipelineError
from stages import clean, download, encode
from tests.project import Project

DATASETS = ("names_lecture", "nietzsche_stream")


@pytest.fixture
def encoded(project: Project) -> Project:
    """Bundled names and prose, few of each, downloaded, cleaned and encoded."""
    lecture, stream = (f"datasets.{name}.settings" for name in DATASETS)
    project.edit(
        {
            "corpora.names.bundled.size": 600,
            "corpora.prose.bundled.size": 4000,
            f"{lecture}.top_characters": 300,
            f"{lecture}.train": 60,
            f"{lecture}.valid": 20,
            f"{lecture}.test": 0.1,
            f"{stream}.steps": 16,
            f"{stream}.stride": 16,
        }
    )
    for corpus, dataset in zip(("names", "prose"), DATASETS, strict=True):
        download.main(corpus)
        clean.main(corpus)
        encode.main(dataset)
    return project


def test_names_go_through_every_stage_unchanged(encoded: Project) -> None:
    data = LabelledNames.load(Path("data/encoded/names_lecture"))
    table = pd.read_csv("data/clean/names/names.csv").set_index("name")
    found = {data.name(row): "男女"[label] for row, label in enumerate(data.labels)}
    assert 100 < len(found) < len(table)
    assert table.loc[[*found], "label"].tolist() == [*found.values()]
    assert data.oracle == pytest.approx(table.loc[[*found], "male_probability"], abs=1e-6)
    assert len(data.vocabulary) == 301


def test_a_text_goes_through_every_stage_unchanged(encoded: Project) -> None:
    data = RunningText.load(Path("data/encoded/nietzsche_stream"))
    text = Path("data/clean/prose/text.txt").read_text(encoding="utf-8")
    assert data.vocabulary.decode(data.ids) == text
    assert data.nats is not None
    np.testing.assert_array_equal(data.nats, np.load("data/clean/prose/nats.npy"))
    assert (data.steps, data.targets, data.order) == (16, "every", "consecutive")


def test_the_report_says_what_the_names_hold(encoded: Project) -> None:
    data = LabelledNames.load(Path("data/encoded/names_lecture"))
    report = files.read_json(Path("metrics/encode/names_lecture.json"))
    assert report["kept"] == len(data.ids)
    assert (report["train"], report["valid"]) == (60, 20)
    assert report["test"] == round(len(data.ids) / 10)
    assert report["floor"] == data.floor("test")
    assert report["origin"] == {"source": "bundled", "name": "generated"}


def test_the_report_says_what_the_text_holds(encoded: Project) -> None:
    data = RunningText.load(Path("data/encoded/nietzsche_stream"))
    assert files.read_json(Path("metrics/encode/nietzsche_stream.json")) == {
        "origin": {"source": "bundled", "name": "generated"},
        "characters": len(data.ids),
        "vocabulary": len(data.vocabulary),
        **{split: len(begins) for split, begins in data.begins.items()},
    }


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_second_run_leaves_the_same_bytes_and_no_leftovers(
    encoded: Project, dataset: str
) -> None:
    folder = encoded.folder / "data/encoded" / dataset
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "leftover.npy").touch()
    encode.main(dataset)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_unknown_dataset_is_refused(project: Project) -> None:
    known = r"no dataset 'poems'.*Choose one of: names_lecture, .* others"
    with pytest.raises(PipelineError, match=known):
        encode.main("poems")
