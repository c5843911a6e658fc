"""Encoders: found by name, their settings refused by key before anything is read."""

from pathlib import Path

import pytest

from recurrent import config as params
from recurrent.data import encoders as contract
from recurrent.errors import PipelineError
from recurrent.validation import checked
from stages import encode
from tests.pipeline.imports import ROOT
from tests.project import ABSENT, Project

DATASETS = params.load(ROOT / "params.yaml").datasets


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_an_encoder_that_takes_its_settings(name: str) -> None:
    dataset = DATASETS[name]
    settings = checked(contract.load(dataset.encoder).Settings, dataset.settings, name)
    taken = settings.model_dump(mode="json")
    assert taken | dataset.settings == taken


def test_an_encoder_that_is_not_there_is_refused_by_its_file(project: Project) -> None:
    project.edit({"datasets.names_lecture.encoder": "bytes"})
    says = r"params\.yaml: datasets: there is no stages/encoders/bytes\.py"
    with pytest.raises(PipelineError, match=says):
        encode.main("names_lecture")


@pytest.mark.parametrize(
    ("dataset", "key", "value", "says"),
    [
        ("names_lecture", "top_character", 5, "unknown key"),
        ("names_lecture", "top_characters", 0, "0"),
        ("names_lecture", "top_characters", "all", "'all'"),
        ("names_lecture", "train", 0, "0"),
        ("names_lecture", "train", 0.5, "0.5"),
        ("names_lecture", "valid", -1, "-1"),
        ("names_lecture", "valid", True, "True"),
        ("names_lecture", "test", 1.5, "1.5"),
        ("names_lecture", "test", "100", "'100'"),
        ("names_lecture", "test", ABSENT, "required"),
        ("names_lecture", "seed", -1, "-1"),
        ("nietzsche_8", "step", 8, "unknown key"),
        ("nietzsche_8", "top_characters", 500, "unknown key"),  # another encoder's
        ("nietzsche_8", "steps", 0, "0"),
        ("nietzsche_8", "steps", 8.0, "8.0"),
        ("nietzsche_8", "stride", ABSENT, "required"),
        ("nietzsche_8", "targets", "first", "'first'"),
        ("nietzsche_8", "split", "chapters", "'chapters'"),
        ("nietzsche_8", "order", "backwards", "'backwards'"),
        ("nietzsche_8", "newlines", True, "True"),
        ("nietzsche_8", "valid", 1.0, "1.0"),
        ("nietzsche_8", "valid", float("nan"), "nan"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_key(
    project: Project, dataset: str, key: str, value: object, says: str
) -> None:
    project.edit({f"datasets.{dataset}.settings.{key}": value})
    with pytest.raises(PipelineError) as fault:
        encode.main(dataset)
    message = str(fault.value)
    assert message.startswith(f"params.yaml: datasets.{dataset}.settings: {key}: ")
    assert says in message
    assert not Path("data").exists(), "nothing is read or written before that"


def test_all_that_is_wrong_is_said_at_once(project: Project) -> None:
    place = "datasets.nietzsche_8.settings"
    project.edit({f"{place}.stride": 0, f"{place}.sauce": 1, f"{place}.targets": ABSENT})
    with pytest.raises(PipelineError) as fault:
        encode.main("nietzsche_8")
    assert all(f"{key}: " in str(fault.value) for key in ("stride", "sauce", "targets"))
