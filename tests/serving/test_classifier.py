"""Classify names: batches, seeds, unknown characters, and refused names."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recurrent.commands.predict import line
from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.serving import classifier
from recurrent.serving.classifier import MAX_LENGTH, Classifier
from tests.commands.trained import CLASSIFIER, NAMES, save
from tests.project import Project

FOLDER = paths.PIPELINES["lectures"].model("names_gated", "gru")


@pytest.fixture
def trained(project: Project) -> Project:
    save("names_gated/gru", CLASSIFIER)
    return project


def test_the_probabilities_of_the_seeds_are_averaged(trained: Project) -> None:
    both = Classifier(FOLDER)
    of_seeds = []
    for seed in (0, 1):
        files.write_json(FOLDER / "spec.json", {**CLASSIFIER, "seeds": [seed]})
        of_seeds.append(Classifier(FOLDER).probabilities(["王红", "李"]))
    np.testing.assert_allclose(both.probabilities(["王红", "李"]), np.mean(of_seeds, axis=0))


def test_a_name_without_known_characters_has_no_probabilities(trained: Project) -> None:
    known, unknown, empty = Classifier(FOLDER).predict(["王Q", "Q😀", ""])
    assert known.unknown == ["Q"] and known.probability == max(known.probabilities.values())
    assert (unknown.label, unknown.probability, unknown.unknown) == ("?", None, ["Q", "😀"])
    assert (empty.label, empty.probability, empty.unknown) == ("?", None, [])


NAME_LINES = st.text(st.sampled_from(NAMES + "Q \t"), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(NAME_LINES, max_size=12), size=st.integers(1, 5))
def test_a_batch_has_the_predictions_for_its_names_one_by_one_in_order(
    trained: Project, lines: list[str], size: int
) -> None:
    model = Classifier(FOLDER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "BATCH", size)
        together = [*chain.from_iterable(model.classify([lines]))]
    alone = [*chain.from_iterable(model.classify([line] for line in lines))]
    assert len(together) == len(lines)
    for found, expected in zip(together, alone, strict=True):
        assert found[:2] == expected[:2] and found.unknown == expected.unknown
        assert found.probabilities == pytest.approx(expected.probabilities, rel=1e-6)


def test_the_probabilities_of_a_batch_are_those_of_its_names(trained: Project) -> None:
    model = Classifier(FOLDER)
    names = ["王小红", "", "李伟", "王", "红小王", "李" * MAX_LENGTH]
    together = model.probabilities(names)
    assert together[1].tolist() == [0, 0]
    for name, found in zip(names, together, strict=True):
        np.testing.assert_allclose(found, model.probabilities([name])[0], rtol=1e-6)


def test_names_are_read_when_their_predictions_are_wanted(trained: Project) -> None:
    read: list[int] = []

    def batches() -> Iterator[list[str]]:
        for number in range(1_000_000):
            read.append(number)
            yield ["王小红"] * 3

    predictions = Classifier(FOLDER).classify(batches())
    for count in (1, 2, 3):
        assert len(next(predictions)) == 3
        assert len(read) == count


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_names_before_a_refused_one_are_classified(
    trained: Project, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(classifier, "BATCH", size)
    names = ["王", "李", "x" * 31, "红"]
    classified = []
    with pytest.raises(PipelineError, match=r"^name 3: 'x{30}'\.\.\. has 31 characters\."):
        for predictions in Classifier(FOLDER).classify([names[:1], names[1:]]):
            classified += [one.name for one in predictions]
    assert classified == ["王", "李"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters() | st.sampled_from(NAMES), max_size=40))
def test_any_text_is_one_printable_line_or_refused(trained: Project, text: str) -> None:
    try:
        (predictions,) = Classifier(FOLDER).classify([[text]])
    except PipelineError as fault:
        assert len("".join(text.split())) > MAX_LENGTH
        assert str(fault).startswith("name 1: ") and str(fault).isprintable()
    else:
        (prediction,) = predictions
        assert all(part.isprintable() for part in line(prediction).split("\t"))
