"""The command `recurrent`: help, examples, arguments and exit statuses."""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recurrent.cli import PACKAGE, app
from recurrent.common.errors import PipelineError
from tests.project import ROOT, Project

COMMANDS = ("repro", "replicate", "predict", "generate", "publish", "serve", "summary", "prune")


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`python -m recurrent` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "recurrent", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_has_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"recurrent {command}" in done.output.partition("Example: ")[2]


def test_the_version_is_that_of_the_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / f"{PACKAGE.replace('-', '_')}-9.8.7.dist-info"
    about.mkdir()
    text = f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 9.8.7\n"
    (about / "METADATA").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"{PACKAGE} 9.8.7\n")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == PACKAGE


def test_without_the_package_there_is_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    fault = CliRunner().invoke(app, ["--version"]).exception
    assert isinstance(fault, PipelineError) and "make install" in str(fault)


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from recurrent.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print({'torch', 'pandas', 'numpy', 'mlflow'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_options_reach_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[Any, ...]] = []
    for name in ("repro", "replicate", "generate", "summary", "sweep"):
        monkeypatch.setattr(f"recurrent.commands.{name}.main", lambda *given: heard.append(given))
    for line in (
        "repro --jobs 3 --beyond --no-summary",
        "repro lyrics_gru lyrics_lstm --cluster tcp://host:8786",
        "summary --beyond",
        "replicate --corpus sales=a.zip --corpus names=b=c.txt",
        "generate nietzsche_rnn/lecture --prefix abc -n 7 --top 3 --seed 3",
        "generate nietzsche_rnn --prefix abc --temperature 2 --count 9",
        "sweep a/b training.epochs=1..3 training.batch_size=8,16 --trials 5 --seed 1 --name c",
    ):
        assert CliRunner().invoke(app, line.split()).exit_code == 0
    assert heard == [
        (3, False, True, (), None),
        (None, True, False, ["lyrics_gru", "lyrics_lstm"], "tcp://host:8786"),
        ("beyond", False),
        (None, {"sales": Path("a.zip"), "names": Path("b=c.txt")}),
        ("nietzsche_rnn/lecture", "abc", 7, None, 3, 3, 1),
        ("nietzsche_rnn", "abc", 40, 2.0, None, 0, 9),
        ("a/b", ["training.epochs=1..3", "training.batch_size=8,16"], 5, 1, None, "c", None),
    ]


def test_an_error_is_one_paragraph_and_exit_status_1(project: Project) -> None:
    done = run(project.folder, "generate", "names_gated/gruu", "--prefix", "a")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert "'gruu'" in done.stderr and "rnn, gru, lstm, lstm_stacked, bilstm" in done.stderr
    assert "Traceback" in run(project.folder, "generate", "x", "--prefix", "a", "--debug").stderr


@pytest.mark.parametrize(
    "arguments",
    [
        "predict",
        "predict -x",
        "generate x",
        "generate x --prefix a -n 100001",
        "generate x --prefix a --count 1001",
        "replicate --corpus a",
    ],
)
def test_wrong_usage_is_exit_status_2(project: Project, arguments: str) -> None:
    assert run(project.folder, *arguments.split()).returncode == 2
