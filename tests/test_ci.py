"""The comparison that CI makes: bytes on the same processor, a stated tolerance on another."""

import importlib.util
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from recurrent import config as params
from tests.pipeline.imports import ROOT

LOCK = """\
stages:
  clean@names:
    outs:
    - path: data/clean/names
      md5: {clean}
  train@names_gru:
    outs:
    - path: data/models/names_gru
      md5: {model}
"""
SCORES = {"names_gru": {"accuracy": 0.95, "log_loss": 0.15, "calibration_error": 0.01}}


def script(name: str) -> ModuleType:
    """A script of .ci/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f".ci/{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """.ci/compare.py in a repository whose results are committed."""
    module = script("compare")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "metrics").mkdir()
    write(clean="a", model="b", scores=SCORES)
    write_history(6.0, 5.0, 7.0)
    module.WRITTEN_ON.write_text(json.dumps(module.family()))
    for command in (
        "init -q",
        "add -A",
        "-c user.name=t -c user.email=t@localhost commit -qm results",
    ):
        subprocess.run(["git", *command.split()], check=True)
    return module


def write(clean: str, model: str, scores: dict[str, Any]) -> None:
    Path("dvc.lock").write_text(LOCK.format(clean=clean, model=model), encoding="utf-8")
    Path("metrics/scores.json").write_text(json.dumps(scores), encoding="utf-8")


def write_history(*losses: float) -> None:
    path = Path("metrics/history/lyrics_gru.csv")
    path.parent.mkdir(exist_ok=True)
    rows = [f"0,{epoch},{loss / 2},{loss}" for epoch, loss in enumerate(losses, 1)]
    path.write_text("\n".join(["seed,epoch,train_loss,valid_loss", *rows]) + "\n", "utf-8")


def moved(**change: float) -> dict[str, Any]:
    return {"names_gru": {**SCORES["names_gru"], **change}}


def elsewhere(compare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "family", lambda: {"machine": "another"})


def test_same_bytes_are_said_to_be(compare: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    compare.main()
    assert "same bytes" in capsys.readouterr().out


def test_other_bytes_on_the_same_processor_fail(compare: ModuleType) -> None:
    write("a", "c", SCORES)
    with pytest.raises(SystemExit, match=r"(?s)different bytes.*dvc\.lock"):
        compare.main()


def test_on_another_processor_scores_may_move_a_little(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere(compare, monkeypatch)
    write("a", "c", moved(accuracy=0.955))
    compare.main()
    assert "by tolerance" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("clean", "scores", "fault"),
    [
        ("x", SCORES, "clean@names: data/clean/names is x, was a"),
        ("a", moved(accuracy=0.9), r"names_gru: accuracy is 0\.9, was 0\.95"),
        ("a", {}, "other experiments"),
    ],
)
def test_on_another_processor_data_and_large_moves_fail(
    compare: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    clean: str,
    scores: dict[str, Any],
    fault: str,
) -> None:
    elsewhere(compare, monkeypatch)
    write(clean, "c", scores)
    with pytest.raises(SystemExit, match=fault):
        compare.main()


@pytest.mark.parametrize(
    ("losses", "fault"),
    [
        ((6.1, 5.1, 9.0), None),
        ((6.0, 5.2, 7.0), "the best loss is 5.2000, was 5.0000"),
        ((6.0, 4.8, 7.0), "the best loss is 4.8000, was 5.0000"),
    ],
)
def test_on_another_processor_a_training_may_come_to_a_little_more_or_less(
    compare: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    losses: tuple[float, ...],
    fault: str | None,
) -> None:
    elsewhere(compare, monkeypatch)
    write_history(*losses)
    if fault is None:
        compare.main()
        return
    with pytest.raises(SystemExit, match=f"metrics/history/lyrics_gru.csv: {fault}"):
        compare.main()


def test_the_sample_has_every_class_of_model_and_every_task() -> None:
    experiments = params.load(ROOT / "params.yaml").experiments
    text = (ROOT / ".ci/sample").read_text(encoding="utf-8")
    sample = [line for line in text.splitlines() if not line.startswith("#")]
    assert set(sample) <= set(experiments)

    def kinds(names: Iterable[str]) -> set[tuple[str, str, str]]:
        chosen = [experiments[name] for name in names]
        return {(e.task, e.model.module, e.model.name) for e in chosen}

    assert kinds(sample) == kinds(experiments)


def test_the_audit_counts_what_it_could_not_look_up_as_not_audited() -> None:
    packages = [
        {"name": "a", "version": "1", "vulns": []},
        {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1", "3"]}]},
        {"name": "c", "version": "3", "vulns": [{"id": "CVE-2", "fix_versions": []}]},
        {"name": "d", "skip_reason": "not found"},
    ]
    text, known = script("audit").summary({"dependencies": packages})
    assert known == 2
    assert text.splitlines() == [
        "audit: 3 of 4 packages, 2 known vulnerabilities",
        "b 2: CVE-1, mended in 2.1, 3",
        "c 3: CVE-2, mended in no version yet",
    ]
    nothing = [{"name": "d", "skip_reason": "not found"}]
    said = "audit: 0 of 1 packages, 0 known vulnerabilities"
    assert script("audit").summary({"dependencies": nothing}) == (said, 0)
