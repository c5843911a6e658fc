"""The commands in README.md and docs/ exist, with their options. tests/reliability replays some."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer
from dvc.cli.parser import get_main_parser

from recurrent.cli import app
from tests.docs import console
from tests.project import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
RECURRENT = re.compile(r"(?:^|[\s(])recurrent (.*)")
END = re.compile(
    r" (?:[|;#>]|&&) ?.*"
)  # what may follow a command: a pipe, a redirection, a comment
GROUP = typer.main.get_command(app)
EVERYWHERE = {"--help", "--debug"}


def code(text: str) -> Iterator[str]:
    """Yield the lines of code blocks, and code within sentences."""
    for _, block in BLOCK.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    for inline in INLINE.findall(BLOCK.sub("", text)):
        yield " ".join(inline.split())


def calls(text: str) -> Iterator[str]:
    """Yield the arguments of each call of `recurrent` in a page."""
    for line in code(text):
        if found := RECURRENT.search(line):
            yield END.sub("", found[1])


def wrong(arguments: str) -> list[str]:
    """Return the command, if it does not exist, or those of its options that do not."""
    words = [word for word in arguments.split() if word not in EVERYWHERE]
    name = words[0].rstrip(":") if words else ""  # a message may start with `recurrent ui:`
    if name and not name.startswith("-") and name not in GROUP.commands:
        return [name]
    command = GROUP.commands.get(name, GROUP)
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
    return sorted(options - known)


def dvc_commands() -> set[str]:
    """Return the calls of DVC in code blocks, as a user would type them."""
    found = {step.command for text in TEXTS.values() for step in console.read(text)}
    for text in TEXTS.values():
        for language, block in BLOCK.findall(text):
            if language == "sh":
                found.update(block.replace("\\\n", " ").splitlines())
    return {line for line in found if line.startswith("dvc ")}


@pytest.mark.parametrize("page", TEXTS)
def test_the_commands_of_a_page_and_their_options_exist(page: str) -> None:
    faults = {call: found for call in calls(TEXTS[page]) if (found := wrong(call))}
    assert not faults


def test_commands_are_found_in_the_pages() -> None:
    named = {call.split()[0] for text in TEXTS.values() for call in calls(text)}
    assert len(GROUP.commands.keys() & named) >= 10


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("repro --jobs 2 --beyond --no-summary", []),
        ("sweep a/b training.epochs=1..3 --trials=5 --debug", []),
        ("generate x -n 7 --prefix a", []),
        ("--version", []),
        ("--debug predict …", []),
        ("--debug predict --jobs 1", ["--jobs"]),
        ("repro --job 2", ["--job"]),
        ("generate x -m 7", ["-m"]),
        ("reproduce --jobs 2", ["reproduce"]),
    ],
)
def test_a_wrong_command_or_option_is_found(call: str, found: list[str]) -> None:
    assert wrong(call) == found


def test_calls_are_found_in_blocks_and_in_sentences() -> None:
    block = "```sh\nA=1 recurrent repro \\\n--jobs 2 && ls -l # all\n```\n"
    assert [*calls(f"Run `recurrent\nui --port 1`.\n\n{block}")] == [
        "repro  --jobs 2",
        "ui --port 1",
    ]


@pytest.mark.parametrize("command", sorted(dvc_commands()))
def test_a_command_of_dvc_and_its_options_exist(command: str) -> None:
    _, *arguments = shlex.split(command, comments=True)
    get_main_parser().parse_args(arguments)


def test_experiments_md_has_at_least_ten_commands() -> None:
    assert len([*console.read(TEXTS["experiments.md"])]) >= 10
