"""The study stage: a folder with a report, and settings that are refused by their key."""

import pytest

from recurrent.common import config as params
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.studies import base
from stages import study
from tests.project import ROOT, Project

STUDIES = params.load(folder=ROOT).studies


@pytest.mark.parametrize("key", STUDIES)
def test_every_study_has_a_module_that_takes_its_settings(key: str) -> None:
    chosen = STUDIES[key]
    params.checked(base.load(chosen.module).Settings, chosen.settings, key)


def test_it_writes_its_folder_and_removes_what_was_there(project: Project) -> None:
    project.edit({"studies.powers.settings": {"steps": 10, "hidden": 4}})
    folder = paths.study("powers")
    files.write_text(folder / "old.csv", "")
    study.main("powers")
    assert files.read_json(folder / base.REPORT)["origin"]["source"] == "no corpus"
    assert {path.name for path in folder.iterdir()} == {base.REPORT, "powers.csv"}


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        ({"settings": {"step": 1}}, "powers", r"studies\.powers\.settings: step: unknown key"),
        ({"module": "magic"}, "powers", r"studies: there is no recurrent/studies/magic\.py"),
        ({}, "magic", "no study 'magic'.*error_surface, line"),
    ],
)
def test_what_cannot_run_is_refused(
    project: Project, change: dict[str, object], key: str, says: str
) -> None:
    project.edit({f"studies.powers.{name}": value for name, value in change.items()})
    with pytest.raises(PipelineError, match=says):
        study.main(key)
