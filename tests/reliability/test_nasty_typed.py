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

NAMING, WRITING = "names_gated/gru", "nietzsche_rnn/lecture"
TYPED = (
    "", " ", "-", "王", "a", "a\n", "\x1b[2J", "王\u202e", "\udcff", "👨‍👩‍👧", "x" * 1_000_000,
    "../x", "names_gated", "names_gated/", "names_gated/gru/x", "nan", "1e-300", "-1", "1" * 30,
)  # fmt: skip
COMMANDS = (
    ("predict", NAMING, "{}"),
    ("predict", "{}", "王"),
    ("generate", WRITING, "--prefix", "{}"),
    ("generate", "{}", "--prefix", "a"),
    ("generate", WRITING, "--prefix", "a", "--temperature", "{}"),
    ("generate", WRITING, "--prefix", "a", "--top", "{}"),
    ("generate", WRITING, "--prefix", "a", "--temperature", "1", "--seed", "{}"),
    ("generate", WRITING, "--prefix", "a", "--temperature", "1", "--count", "{}"),
    ("generate", WRITING, "--prefix", "a", "-n", "{}"),
)
TEXT = st.text(st.characters(exclude_characters="\0") | st.sampled_from(NAMES), max_size=40)


def run(command: tuple[str, ...], typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Run a command with the typed text in its gap: it prints an answer, an error or its usage."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as end:
        arguments = [part.replace("{}", typed) for part in command]
        patch.setattr(sys, "argv", ["recurrent", *arguments])
        cli.main()
    printed, _ = capsys.readouterr()
    assert all(c.isprintable() or c in "\t\n" for c in printed)
    if isinstance(end.value.code, str):
        assert printed == "" and end.value.code.startswith("error: ")
        assert_paragraph(end.value.code)
    else:
        assert end.value.code in (0, 2)  # 2: the usage, for what is not a number


@pytest.mark.usefixtures("restored_torch")
def test_what_is_typed_is_answered_or_refused(
    project: Project, promise: Promised, many: Many, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = promise("What is typed is answered or refused in one paragraph", "any text")
    save(NAMING, CLASSIFIER)
    save(WRITING, WINDOWED)

    @settings(
        max_examples=many(40, 1_000), suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.sampled_from(COMMANDS), st.sampled_from(TYPED) | TEXT)
    def tried(command: tuple[str, ...], typed: str) -> None:
        kept.injected += 1
        run(command, typed, capsys)

    tried()
