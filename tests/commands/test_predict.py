"""Classify names: any text is answered, or refused in one paragraph."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recurrent.commands import predict
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from tests.commands.trained import CLASSIFIER, WINDOWED, save
from tests.project import ROOT, Project

NAME = "names_gated/gru"
FOLDER = paths.PIPELINES["lectures"].model("names_gated", "gru")


@pytest.fixture
def trained(project: Project) -> Project:
    save(NAME, CLASSIFIER)
    return project


def answers(capsys: pytest.CaptureFixture[str], *names: str) -> list[list[str]]:
    predict.main(NAME, names)
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_an_answer_has_name_label_probability_and_remark(
    trained: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    known, unknown, foreign = answers(capsys, "王 小红", " ", "王Q", "QQ")
    assert known[0] == "王小红" and known[1] in ("男", "女") and known[3] == ""
    assert 0.5 <= float(known[2]) <= 1
    assert unknown[2] and unknown[3] == "unknown: Q"
    assert foreign == ["QQ", "?", "", "unknown: Q"]


def test_each_name_that_is_typed_is_answered_before_the_next_one(trained: Project) -> None:
    """A pipe that stays open behaves as a terminal does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recurrent", "predict", NAME],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    with process:
        for name in ("王小红", "李伟"):
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
            assert process.stdout.readline().decode().startswith(f"{name}\t")
        process.stdin.write("李".encode())
        process.stdin.close()
        assert process.stdout.readline().decode().startswith("李\t")
        assert process.stdout.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("content", [b"\xff\xfe\n\xe7\x8e", b"\0" * 25, bytes(range(256)), b""])
def test_any_bytes_may_be_piped_in(
    trained: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    try:
        predict.main(NAME)
    except PipelineError as fault:
        assert "characters" in str(fault)
    assert all(c.isprintable() or c in "\t\n" for c in capsys.readouterr().out)


def test_a_line_without_end_is_refused_before_it_is_read(
    trained: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"x" * 1_000_000), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(PipelineError, match="has 1,000 characters"):
        predict.main(NAME)


def test_a_model_that_does_not_classify_and_an_untrained_one_are_refused(project: Project) -> None:
    with pytest.raises(PipelineError, match=r"nietzsche_rnn/lecture: .*its task is next_token"):
        predict.main("nietzsche_rnn", ["王"])
    with pytest.raises(PipelineError, match=r"not trained yet.*dvc repro"):
        predict.main(NAME, ["王"])


@pytest.mark.parametrize("damage", [b"", b"\x80\x04N.", b"\xff" * 64])
def test_a_file_without_weights_is_refused(trained: Project, damage: bytes) -> None:
    path = Path(FOLDER / "seed-1.safetensors")
    path.write_bytes(damage)
    with pytest.raises(PipelineError, match=str(path)):
        predict.main(NAME, ["王"])


def test_a_spec_of_another_model_is_refused(trained: Project) -> None:
    files.write_json(FOLDER / "spec.json", {**WINDOWED, "seeds": [0]})
    with pytest.raises(PipelineError, match="trained for another task"):
        predict.main(NAME, ["王"])
