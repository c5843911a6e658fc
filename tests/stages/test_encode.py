"""The encode stage: clean records to arrays on disk, and a report of their sizes."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.text.dataset import RunningText
from stages import clean, download, encode
from tests.project import Project

DATASETS = {"names": "names_lecture", "prose": "nietzsche_stream"}
NAMES, TEXT = (Path("data/encoded") / dataset for dataset in DATASETS.values())


@pytest.fixture
def encoded(project: Project) -> Project:
    """Download, clean and encode a few bundled names and a little prose."""
    sizes = {"top_characters": 300, "split": "disjoint", "train": 60, "valid": 20, "test": 0.1}
    window = {"window": 16, "stride": 16}
    project.edit(
        {
            "corpora.names.synthetic.size": 600,
            "corpora.prose.synthetic.size": 4000,
            **{f"datasets.names_lecture.settings.{key}": value for key, value in sizes.items()},
            **{f"datasets.nietzsche_stream.settings.{key}": value for key, value in window.items()},
        }
    )
    for corpus, dataset in DATASETS.items():
        download.main(corpus)
        clean.main(corpus)
        encode.main(dataset)
    return project


def test_names_go_through_every_stage_unchanged(encoded: Project) -> None:
    data = LabelledNames.load(NAMES)
    table = pd.read_csv("data/clean/names/names.csv").set_index("name")
    found = {data.name(row): "男女"[label] for row, label in enumerate(data.labels)}
    assert 100 < len(found) < len(table)
    assert table.loc[[*found], "label"].tolist() == [*found.values()]
    known = table.loc[[*found], "male_probability"]
    assert data.male_probability == pytest.approx(known, abs=1e-6)
    report = files.read_json(NAMES / "report.json")
    assert report["kept"] == len(data.ids)
    assert (report["train"], report["valid"]) == (60, 20)
    assert report["bayes"] == data.bayes("test")
    assert report["origin"] == {"source": "bundled", "name": "generated"}


def test_a_text_goes_through_every_stage_unchanged(encoded: Project) -> None:
    data = RunningText.load(TEXT)
    text = Path("data/clean/prose/text.txt").read_text(encoding="utf-8")
    assert data.vocabulary.decode(data.ids) == text
    assert data.nats is not None
    np.testing.assert_array_equal(data.nats, np.load("data/clean/prose/nats.npy"))
    assert (data.window, data.targets, data.stateful) == (16, "every", True)
    assert files.read_json(TEXT / "report.json") == {
        "origin": {"source": "bundled", "name": "generated"},
        "characters": len(data.ids),
        "vocabulary": len(data.vocabulary),
        **{split: len(starts) for split, starts in data.starts.items()},
    }


def test_a_second_run_leaves_the_same_bytes_and_no_leftovers(encoded: Project) -> None:
    for folder in (NAMES, TEXT):
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        (folder / "leftover.npy").touch()
        encode.main(folder.name)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_wrong_keys_are_refused_together_before_anything_is_read(project: Project) -> None:
    place = "datasets.nietzsche_8.settings"
    project.edit({f"{place}.stride": 0, f"{place}.sauce": 1, f"{place}.targets": "first"})
    with pytest.raises(PipelineError) as fault:
        encode.main("nietzsche_8")
    assert str(fault.value).startswith(f"params.yaml: {place}: ")
    assert all(f"{key}: " in str(fault.value) for key in ("stride", "sauce", "targets"))
    project.edit({"datasets.names_lecture.kind": "bytes"})
    with pytest.raises(PipelineError, match=r"there is no recurrent/data/bytes/encode\.py"):
        encode.main("names_lecture")
    with pytest.raises(PipelineError, match=r"no dataset 'poems'.*names_lecture"):
        encode.main("poems")
    assert not Path("data").exists()
