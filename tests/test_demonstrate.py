"""The demonstrate stage: settings refused by key, and a folder with its report."""

from pathlib import Path

import pytest

from recurrent import config as params
from recurrent import files
from recurrent.errors import PipelineError
from recurrent.studies import base as contract
from recurrent.config import checked
from stages import demonstrate
from tests.pipeline.imports import ROOT
from tests.project import Project

POWERS = "demonstrations.powers"
DEMONSTRATIONS = params.load(ROOT / "params.yaml").demonstrations


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_every_demonstration_has_a_module_that_takes_its_settings(name: str) -> None:
    chosen = DEMONSTRATIONS[name]
    checked(contract.load(chosen.module).Settings, chosen.settings, name)


def test_it_writes_its_report_and_takes_away_what_was_there(project: Project) -> None:
    project.edit({f"{POWERS}.settings": {"steps": 10, "hidden": 4}})
    folder = Path("metrics/demonstrations/powers")
    files.write_text(folder / "old.csv", "")
    demonstrate.main("powers")
    assert files.read_json(folder / contract.REPORT)["origin"]["source"] == "no corpus"
    assert {path.name for path in folder.iterdir()} == {contract.REPORT, "powers.csv"}


def test_a_wrong_setting_is_refused_by_its_key(project: Project) -> None:
    project.edit({f"{POWERS}.settings": {"step": 10}})
    says = r"params\.yaml: demonstrations\.powers\.settings: step: unknown key"
    with pytest.raises(PipelineError, match=says):
        demonstrate.main("powers")


def test_one_that_is_not_there_is_refused_by_its_file(project: Project) -> None:
    project.edit({f"{POWERS}.module": "magic"})
    with pytest.raises(PipelineError, match=r"there is no stages/demonstrations/magic\.py"):
        demonstrate.main("powers")


def test_a_name_that_is_not_there_is_answered_with_those_that_are(project: Project) -> None:
    with pytest.raises(PipelineError, match=r"no demonstration 'magic'.*line, error_surface"):
        demonstrate.main("magic")
