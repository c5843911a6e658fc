"""docs/exercises.md: each command changes an experiment that exists, to something that runs."""

import re
import shlex

import pytest

from recurrent.commands import try_experiment
from recurrent.commands.lookup import find
from recurrent.common import config
from recurrent.models import base
from tests.project import ROOT

PAGE = (ROOT / "docs/exercises.md").read_text(encoding="utf-8")
EXERCISES = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
COMMANDS = re.findall(r"^recurrent try .+", PAGE, flags=re.MULTILINE)


def test_each_of_the_ten_exercises_has_a_command_a_hint_and_an_answer() -> None:
    assert len(EXERCISES) == 10
    for exercise in EXERCISES:
        for part in ("\nrecurrent try ", "**Hint.**", "<details>", "</details>"):
            assert part in exercise, (part, exercise.splitlines()[0])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("project")
def test_a_command_changes_an_experiment_and_its_models_can_be_built(command: str) -> None:
    _, _, experiment, *options = shlex.split(command)
    changes = options[1::2]
    assert options[::2] == ["-S"] * len(changes) != []
    settings, _ = find(experiment)
    before = [*settings.variants(experiment)]
    try_experiment.edit(settings, experiment, changes)
    after = [*config.load(settings.pipeline).variants(experiment)]
    assert after != before
    for variant in after:
        base.build({**variant.model.model_dump(), "inputs": 10, "outputs": 2})
