from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from stages import clean, download, encode, files, params
from stages.errors import PipelineError
from stages.params import Dataset
from stages.text.labelled import LabelledNames
from tests.project import ROOT, Project

LABELS = {"王小红": "女", "李伟": "男", "王芳": "女", "王伟伟": "男", "李小伟": "男"}
PROBABILITIES = {"王小红": 0.1, "李伟": 0.9, "王芳": 0.2, "王伟伟": 0.8, "李小伟": 0.7}
ALL = params.load(ROOT / "params.yaml").datasets["names_all"]


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


def dataset(top_characters: int | None, test: int = 1) -> Dataset:
    return ALL.model_copy(update={"top_characters": top_characters, "valid": 0, "test": test})


def labels(data: LabelledNames) -> dict[str, str]:
    return {data.name(row): "男女"[label] for row, label in enumerate(data.labels)}


def test_all_characters_keep_all_names_with_their_labels(tmp_path: Path) -> None:
    data, report = encode.labelled_names(cleaned(tmp_path, known=False), dataset(None))
    assert labels(data) == LABELS
    assert report["names"] == report["kept"] == 5
    assert report["vocabulary"] == 7  # six characters and padding
    assert report["origin"] == data.origin == {"source": "own file", "name": "five.txt"}
    assert data.oracle is None
    assert report["floor"] is None


def test_only_names_wholly_in_the_most_frequent_characters_are_kept(tmp_path: Path) -> None:
    data, report = encode.labelled_names(cleaned(tmp_path, known=True), dataset(4))
    assert data.vocabulary.characters[1:] == ("伟", "王", "小", "李")
    assert labels(data) == {name: LABELS[name] for name in ("李伟", "王伟伟", "李小伟")}
    assert (report["names"], report["kept"]) == (5, 3)
    assert data.oracle is not None
    assert data.oracle.tolist() == pytest.approx([0.9, 0.8, 0.7])


def test_the_floor_is_that_of_the_test_names(tmp_path: Path) -> None:
    data, report = encode.labelled_names(cleaned(tmp_path, known=True), dataset(None, test=2))
    names = [data.name(row) for row in data.splits["test"]]
    right = [max(PROBABILITIES[name], 1 - PROBABILITIES[name]) for name in names]
    floor = data.floor("test")
    assert floor
    assert report["floor"] == floor
    assert floor["expected_accuracy"] == pytest.approx(np.mean(right), abs=1e-6)


def test_when_no_name_is_left_it_says_what_to_raise(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no name .* 1 most frequent.*Raise top_characters"):
        encode.labelled_names(cleaned(tmp_path, known=False), dataset(1))


def test_more_names_than_there_are_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="5 records do not suffice"):
        encode.labelled_names(cleaned(tmp_path, known=False), dataset(None, test=5))


class TestMain:
    @pytest.fixture
    def encoded(self, project: Project) -> Project:
        """The bundled names, small, downloaded, cleaned and encoded."""
        project.edit(
            {
                "corpora.names.bundled.size": 600,
                "datasets.names_lecture.top_characters": 300,
                "datasets.names_lecture.train": 60,
                "datasets.names_lecture.valid": 20,
                "datasets.names_lecture.test": 0.1,
            }
        )
        download.main("names")
        clean.main("names")
        encode.main("names_lecture")
        return project

    def test_names_go_through_every_stage_unchanged(self, encoded: Project) -> None:
        data = LabelledNames.load(Path("data/encoded/names_lecture"))
        table = pd.read_csv("data/clean/names/names.csv").set_index("name")
        found = labels(data)
        assert 100 < len(found) < len(table)
        assert table.loc[[*found], "label"].tolist() == [*found.values()]
        assert data.oracle == pytest.approx(table.loc[[*found], "male_probability"], abs=1e-6)
        assert len(data.vocabulary) == 301

    def test_the_report_says_what_the_arrays_hold(self, encoded: Project) -> None:
        data = LabelledNames.load(Path("data/encoded/names_lecture"))
        report = files.read_json(Path("metrics/encode/names_lecture.json"))
        assert report["kept"] == len(data.ids)
        assert (report["train"], report["valid"]) == (60, 20)
        assert report["test"] == round(len(data.ids) / 10)
        assert report["floor"] == data.floor("test")
        assert report["origin"] == {"source": "bundled", "name": "generated"}

    def test_a_second_run_leaves_the_same_bytes_and_no_leftovers(self, encoded: Project) -> None:
        folder = encoded.folder / "data/encoded/names_lecture"
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        (folder / "leftover.npy").touch()
        encode.main("names_lecture")
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    def test_an_unknown_dataset_is_refused(self, project: Project) -> None:
        with pytest.raises(PipelineError, match=r"no dataset 'poems'.*names_lecture"):
            encode.main("poems")
