"""The comparison with the results in git: bytes on one processor, a tolerance on another."""

import subprocess
from pathlib import Path

import pandas as pd
import pytest

from recurrent.common import files
from recurrent.tracking.history import write_history
from scripts import compare
from tests.project import Project

LOCK = """\
stages:
  clean@names:
    outs:
    - path: data/clean/names
      md5: {clean}
  train@nietzsche_rnn:
    outs:
    - path: data/models/nietzsche_rnn
      md5: {model}
  study@line:
    cmd: it has no outputs
"""
EXPERIMENT = "nietzsche_rnn"
LOSSES = (6.0, 5.0, 7.0)


def write(
    clean: str = "a",
    model: str = "b",
    accuracy: float = 0.95,
    losses: tuple[float, ...] = LOSSES,
    variants: tuple[str, ...] = ("lecture",),
) -> None:
    """Write results as a run leaves them."""
    Path("dvc.lock").write_text(LOCK.format(clean=clean, model=model), encoding="utf-8")
    scores = [[EXPERIMENT, name, "valid", "accuracy", accuracy] for name in variants]
    table = pd.DataFrame(scores, columns=[*compare.KEYS, "ours"])
    files.write_text(compare.RESULTS.scores, table.to_csv(index=False))
    rows = [
        {"epoch": epoch, "train_loss": loss / 2, "valid_loss": loss}
        for epoch, loss in enumerate(losses, 1)
    ]
    history = compare.RESULTS.history(EXPERIMENT)
    write_history(history, [("lecture", 0, rows), ("lecture", 1, rows)])


@pytest.fixture
def results(project: Project) -> None:
    """A repository whose results are committed."""
    write()
    curves = [[EXPERIMENT, "lecture", n, x / 2, x] for n, x in enumerate(LOSSES, 1)]
    columns = ["experiment", "variant", "epoch", "train_loss", "valid_loss"]
    table = pd.DataFrame(curves, columns=columns)
    files.write_text(compare.RESULTS.curves("nietzsche"), table.to_csv(index=False))
    files.write_json(compare.WRITTEN_ON, compare.processor())
    identity = "-c user.name=t -c user.email=t@localhost"
    for command in ("init -q", "add -A", f"{identity} commit -qm results"):
        subprocess.run(["git", *command.split()], check=True)


@pytest.fixture
def elsewhere(results: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same repository on another processor."""
    monkeypatch.setattr(compare, "processor", lambda: {"machine": "another"})


@pytest.mark.usefixtures("results")
def test_the_same_bytes_pass(capsys: pytest.CaptureFixture[str]) -> None:
    compare.main()
    assert "same bytes" in capsys.readouterr().out


@pytest.mark.usefixtures("results")
def test_different_bytes_on_the_same_processor_fail() -> None:
    write(model="c")
    with pytest.raises(SystemExit, match=r"(?s)different bytes.*dvc\.lock"):
        compare.main()


@pytest.mark.usefixtures("elsewhere")
def test_on_another_processor_small_differences_pass(capsys: pytest.CaptureFixture[str]) -> None:
    write(model="c", accuracy=0.955, losses=(6.1, 5.1, 9.0))
    compare.main()
    assert "by tolerance" in capsys.readouterr().out


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"clean": "x"}, "clean@names: data/clean/names is x, was a"),
        ({"accuracy": 0.9}, r"lecture valid accuracy is 0\.9000, was 0\.9500"),
        ({"variants": ("lecture", "new")}, "only one of the two has a score of nietzsche_rnn new"),
        ({"model": "c", "losses": (6.0, 5.2, 7.0)}, r"best loss is 5\.2000, was 5\.0000"),
        ({"model": "c", "losses": (6.0, 4.8, 7.0)}, r"best loss is 4\.8000, was 5\.0000"),
    ],
)
def test_on_another_processor_other_data_and_large_differences_fail(
    change: dict[str, object], fault: str
) -> None:
    write(**change)  # type: ignore[arg-type]
    with pytest.raises(SystemExit, match=fault):
        compare.main()
