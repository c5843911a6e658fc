"""Whatever is typed after `recurrent predict` and `recurrent generate`: an answer or one error."""

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent import cli
from tests.commands.trained import CLASSIFIER, NAMES, WINDOWED, save
from tests.project import Project
from tests.reliability.ledger import Many, Promised
from tests.reliability.nasty import assert_paragraph

MODELS = ("names_gated/gru", "nietzsche_rnn/lecture")
TYPED = (
    "", " ", "-", "王", "a", "a\n", "\x1b[2J", "王\u202e", "\udcff", "👨‍👩‍👧", "x" * 1_000_000,
    "../x", "names_gated", "names_gated/", "names_gated/gru/x", "nan", "1e-300", "-1", "1" * 30,
)  # fmt: skip
COMMANDS = (
    ("predict", MODELS[0], "{}"),
    ("predict", "{}", "王"),
    ("generate", MODELS[1], "--prefix", "{}"),
    ("generate", "{}", "--prefix", "a"),
    ("generate", MODELS[1], "--prefix", "a", "-n", "{}"),
    ("generate", MODELS[1], "--prefix", "a", "--temperature", "{}"),
    ("generate", MODELS[1], "--prefix", "a", "--top", "{}"),
    ("generate", MODELS[1], "--prefix", "a", "--temperature", "1", "--seed", "{}"),
)

pytestmark = pytest.mark.usefixtures("restored_torch")


@pytest.fixture(autouse=True)
def trained(project: Project) -> None:
    save(MODELS[0], CLASSIFIER)
    save(MODELS[1], WINDOWED)


def answered(command: tuple[str, ...], typed: str, capsys: pytest.CaptureFixture[str]) -> bool:
    """Run a command with the typed text in its gap; return whether it succeeded."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        arguments = [part.replace("{}", typed) for part in command]
        patch.setattr(sys, "argv", ["recurrent", *arguments])
        cli.main()
    printed, _ = capsys.readouterr()
    assert all(c.isprintable() or c in "\t\n" for c in printed)
    if isinstance(end.value.code, str):
        assert printed == "" and end.value.code.startswith("error: ")
        assert_paragraph(end.value.code)
        return False
    assert end.value.code in (None, 0, 2)  # 2: the usage, for what is not a number
    return not end.value.code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_typed_is_answered_or_refused(
    command: tuple[str, ...], promise: Promised, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise("What is typed is answered or refused in one paragraph", " ".join(command))
    good = {"{}": "5"}.get(command[-1], "1") if command[-2].startswith("-") else "a"
    for typed in (*TYPED, good):
        answered(command, typed, capsys)
        kept.injected += 1


def test_any_text_is_answered_or_refused(
    promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise("Any text at all is answered or refused in one paragraph", "random text")

    @settings(
        max_examples=many(20, 600), suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.sampled_from(COMMANDS),
        st.text(st.characters(exclude_characters="\0") | st.sampled_from(NAMES), max_size=40),
    )
    def tried(command: tuple[str, ...], text: str) -> None:
        kept.injected += 1
        answered(command, text, capsys)

    tried()
