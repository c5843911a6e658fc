"""Kinds of data are found by name, and a dataset of the wrong kind is refused."""

from pathlib import Path

import pytest

from recurrent.common import config, files
from recurrent.common.errors import PipelineError
from recurrent.data import base
from recurrent.data.text.dataset import RunningText
from tests.data.texts import encoded, some_text
from tests.project import ROOT

DATASETS = config.load(folder=ROOT).datasets


@pytest.mark.parametrize("name", DATASETS)
def test_each_encoder_takes_the_settings_in_params_yaml(name: str) -> None:
    dataset = DATASETS[name]
    settings = config.checked(base.encoder(dataset.kind).Settings, dataset.settings, name)
    found = settings.model_dump(mode="json")
    assert found | dataset.settings == found


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(PipelineError, match=r"corpora: there is no .*/data/poems/clean\.py.*text"):
        base.corpus("poems")
    with pytest.raises(PipelineError, match=r"datasets: there is no .*/poems/encode\.py.*words"):
        base.encoder("poems")
    with pytest.raises(PipelineError, match=r"/words/clean\.py"):  # words come from a text corpus
        base.corpus("words")


def test_a_dataset_of_another_kind_is_refused(tmp_path: Path) -> None:
    encoded(tmp_path, some_text(100)).save(tmp_path)
    with pytest.raises(
        PipelineError, match="this dataset is of kind 'text', but 'names' is needed"
    ):
        base.read_about(tmp_path, "names")
    files.write_json(tmp_path / "dataset.json", {})
    with pytest.raises(PipelineError, match="of kind None, but 'text' is needed"):
        RunningText.load(tmp_path)


def test_a_dataset_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        PipelineError, match=r"gone: this dataset is not encoded yet. Run dvc repro"
    ):
        base.read_about(tmp_path / "gone", "text")
