"""Classify names: any text is answered, or refused in one paragraph."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent.commands import predict
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from tests.commands.trained import CLASSIFIER, NAMES, WINDOWED, save
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
    known, unknown, foreign = answers(capsys, "王 小红", "王Q", "QQ")
    assert known[0] == "王小红" and known[1] in ("男", "女") and known[3] == ""
    assert 0.5 <= float(known[2]) <= 1
    assert unknown[2] and unknown[3] == "unknown: Q"
    assert foreign == ["QQ", "?", "", "unknown: Q"]


def test_the_probabilities_of_the_seeds_are_averaged(trained: Project) -> None:
    both = predict.Classifier(FOLDER)
    of_seeds = []
    for seed in (0, 1):
        files.write_json(FOLDER / "spec.json", {**CLASSIFIER, "seeds": [seed]})
        of_seeds.append(predict.Classifier(FOLDER)._probabilities(["王红", "李"]))
    np.testing.assert_allclose(both._probabilities(["王红", "李"]), np.mean(of_seeds, axis=0))


NAME_LINES = st.text(st.sampled_from(NAMES + "Q \t"), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(NAME_LINES, max_size=12), size=st.integers(1, 5))
def test_a_batch_has_the_answers_of_its_names_one_by_one_in_order(
    trained: Project, lines: list[str], size: int
) -> None:
    classifier = predict.Classifier(FOLDER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predict, "BATCH", size)
        together = [*chain.from_iterable(classifier.classify([lines]))]
    alone = [*chain.from_iterable(classifier.classify([line] for line in lines))]
    assert len(together) == sum(bool(line.split()) for line in lines)
    for (name, label, probability, remark), expected in zip(together, alone, strict=True):
        assert (name, label, remark) == (expected[0], expected[1], expected[3])
        assert float(probability or 0) == pytest.approx(float(expected[2] or 0), abs=1.01e-4)


def test_the_probabilities_of_a_batch_are_those_of_its_names(trained: Project) -> None:
    classifier = predict.Classifier(FOLDER)
    names = ["王小红", "", "李伟", "王", "红小王", "李" * predict.LONGEST_NAME]
    together = classifier._probabilities(names)
    assert together[1].tolist() == [0, 0]
    for name, found in zip(names, together, strict=True):
        np.testing.assert_allclose(found, classifier._probabilities([name])[0], rtol=1e-6)


def test_lines_are_read_when_their_answers_are_wanted(trained: Project) -> None:
    read: list[int] = []

    def batches() -> Iterator[list[str]]:
        for number in range(1_000_000):
            read.append(number)
            yield ["王小红"] * 3

    answers = predict.Classifier(FOLDER).classify(batches())
    for count in (1, 2, 3):
        assert len(next(answers)) == 3
        assert len(read) == count


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_names_before_a_refused_one_are_answered(
    trained: Project, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(predict, "BATCH", size)
    lines = ["王", " ", "李", "x" * 31, "红"]
    answered = []
    with pytest.raises(PipelineError, match=r"^name 3: 'x{30}'\.\.\. has 31 characters\."):
        for answers in predict.Classifier(FOLDER).classify([lines[:1], lines[1:]]):
            answered += [answer[0] for answer in answers]
    assert answered == ["王", "李"]


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters() | st.sampled_from(NAMES), max_size=40))
def test_any_text_is_one_printable_line_or_refused(trained: Project, text: str) -> None:
    try:
        found = [*chain.from_iterable(predict.Classifier(FOLDER).classify([[text]]))]
    except PipelineError as fault:
        assert len("".join(text.split())) > predict.LONGEST_NAME
        assert str(fault).startswith("name 1: ") and str(fault).isprintable()
    else:
        assert len(found) == bool(text.split())
        assert all(part.isprintable() for answer in found for part in answer)


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
