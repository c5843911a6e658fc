"""A dataset of the wrong kind, or none at all, is refused in a sentence."""

from pathlib import Path

import pytest

from recurrent import files
from recurrent.data.about import read_about
from recurrent.data.names.dataset import LabelledNames
from recurrent.data.text.dataset import RunningText
from recurrent.errors import PipelineError
from tests.training.toy import write_names, write_text


def test_names_are_no_text_and_a_text_is_no_names(tmp_path: Path) -> None:
    names, text = write_names(tmp_path / "names"), write_text(tmp_path / "text")
    with pytest.raises(PipelineError, match=r"names: it is a dataset of labelled names, and the"):
        RunningText.load(names)
    with pytest.raises(PipelineError, match=r"text: .*running text, and the task needs labelled"):
        LabelledNames.load(text)


def test_an_older_dataset_and_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no such dataset yet\. Run dvc repro"):
        read_about(tmp_path, "labelled names")
    files.write_json(tmp_path / "dataset.json", {})
    with pytest.raises(PipelineError, match="of an older kind"):
        read_about(tmp_path, "labelled names")
