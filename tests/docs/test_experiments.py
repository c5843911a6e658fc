"""docs/experiments.md: its commands exist. tests/reliability replays them."""

import re
import shlex

import pytest
from dvc.cli.parser import get_main_parser

from recurrent.cli import app
from tests.docs import console
from tests.project import ROOT

PAGES = ("experiments.md", "remotes.md")
TEXTS = [(ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES]
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = sorted(
    {step.command for text in TEXTS for step in console.read(text)}
    | {line for text in TEXTS for block in SHELL.findall(text) for line in block.splitlines()}
)
PROGRAMS = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}


def test_the_session_has_ten_commands_at_least() -> None:
    assert len([*console.read(TEXTS[0])]) >= 10


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_and_its_options_exist(command: str) -> None:
    program, *arguments = shlex.split(command, comments=True)
    if program == "dvc":
        get_main_parser().parse_args(arguments)
    elif program == "recurrent":
        assert arguments[0] in PROGRAMS
