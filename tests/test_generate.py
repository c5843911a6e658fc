"""Writing on from the command line: greedy, drawn, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stages import files, generate, paths
from stages.errors import PipelineError
from stages.models import contract
from stages.training.seeding import seed_torch
from tests.project import Project

SPEC: dict[str, Any] = {
    "module": "char_rnns",
    "name": "CharRnn",
    "inputs": 6,
    "outputs": 6,
    "settings": {"embedding": 4, "hidden": 8},
    "seeds": [0],
    "about": {"vocabulary": "abcde", "steps": 3, "reads_on": False},
}


@pytest.fixture
def trained(project: Project) -> Project:
    """An experiment with some weights."""
    folder = paths.model("nietzsche_rnn")
    folder.mkdir(parents=True)
    seed_torch("test")
    contract.save(contract.build(SPEC), contract.seed_file(folder, 0))
    files.write_json(folder / "spec.json", SPEC)
    return project


def written(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    generate.main("nietzsche_rnn", **{"prefix": "abc", "length": 30, **options})
    return capsys.readouterr().out.removesuffix("\n")


def test_the_text_begins_with_the_prefix_and_has_the_length(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(capsys)
    assert text.startswith("abc")
    assert len(text) == 33
    assert set(text) <= set("abcde")
    assert text == written(capsys), "greedy: the same again"


def test_a_draw_depends_on_its_seed_alone(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(capsys, temperature=1.0, seed=1)
    assert first == written(capsys, temperature=1.0, seed=1)
    assert first != written(capsys, temperature=1.0, seed=2)
    assert written(capsys, top=1) == written(capsys), "the one likeliest: greedy"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prefix": "axz"}, r"prefix 'axz'.*never saw 'x' 'z'"),
        ({"prefix": ""}, "empty prefix"),
        ({"temperature": 0.0}, "--temperature.*above 0"),
        ({"temperature": float("nan")}, "--temperature"),
        ({"temperature": float("inf")}, "--temperature"),
    ],
)
def test_what_cannot_be_written_on_is_refused(
    trained: Project, capsys: pytest.CaptureFixture[str], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(PipelineError, match=says):
        generate.main("nietzsche_rnn", **{"prefix": "abc", "length": 5, **options})
    assert capsys.readouterr().out == ""


def test_a_classifier_and_an_untrained_model_are_refused(trained: Project) -> None:
    with pytest.raises(PipelineError, match="not trained yet"):
        generate.main("nietzsche_loop", prefix="abc", length=5)
    spec = Path(paths.model("nietzsche_rnn") / "spec.json")
    files.write_json(spec, {**SPEC, "about": {"vocabulary": "abcde", "classes": ["x"]}})
    with pytest.raises(PipelineError, match="models no text"):
        generate.main("nietzsche_rnn", prefix="abc", length=5)


def test_the_command_line_is_that_of_the_readme(trained: Project) -> None:
    import typer

    app = typer.Typer()
    app.command()(generate.main)
    done = CliRunner().invoke(app, ["nietzsche_rnn", "--prefix", "abc", "-n", "7", "--seed", "3"])
    assert done.exit_code == 0
    assert len(done.stdout.strip()) == 10
