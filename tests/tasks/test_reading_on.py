"""A stretch that is read on in rows: every character once, each after its warm-up."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.text.windows import covering
from recurrent.tasks import next_token as next_character
from tests.tasks.asking import STREAM, at_once, network, task


def scoring(patch: pytest.MonkeyPatch, *, rows: int, steps: int, warm: int) -> None:
    patch.setattr(next_character, "SCORING_ROWS", rows)
    patch.setattr(next_character, "SCORING_STEPS", steps)
    patch.setattr(next_character, "WARM", warm)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_warm_up_from_the_texts_beginning_is_one_pass_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str
) -> None:
    scoring(monkeypatch, rows=1, steps=7, warm=1000)
    asked = task(tmp_path, **STREAM)
    model = network(asked, "LanguageModel", cell=cell)
    whole = [np.nan, *at_once(model, asked, 0, 200)]
    for split, first, end in (("train", 1, 160), ("valid", 160, 180)):
        records, gave = asked.answers(model, split)
        assert records.tolist() == [*range(first, end)]
        assert gave.tolist() == pytest.approx(whole[first:end], abs=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 5, 64])
def test_each_row_is_read_from_its_warm_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    scoring(monkeypatch, rows=4, steps=steps, warm=9)
    asked = task(tmp_path, **STREAM)
    model = network(asked, "LanguageModel", cell="gru")
    begins, length = covering((180, 200), 4, 9)
    assert length == 9 + 5
    expected = [
        value
        for begin in begins.tolist()
        for value in at_once(model, asked, begin, begin + 1 + length)[9:]
    ]
    records, gave = asked.answers(model, "test")
    assert records.tolist() == [*range(180, 200)]
    assert gave.tolist() == pytest.approx(expected, abs=1e-5)


@given(st.integers(1, 50), st.integers(1, 20), st.integers(2, 30))
def test_counts_that_fit_in_the_warm_up_are_exact(
    scratch: Path, rows: int, steps: int, warm: int
) -> None:
    asked = task(scratch, **STREAM)
    model = network(asked, "InterpolatedNgrams", order=3)
    model.fit(*asked.everything("train"))
    whole = [np.nan, *at_once(model, asked, 0, 200)]
    with pytest.MonkeyPatch.context() as patch:
        scoring(patch, rows=rows, steps=steps, warm=warm)
        for split, first, end in (("train", 1, 160), ("valid", 160, 180), ("test", 180, 200)):
            records, gave = asked.answers(model, split)
            assert records.tolist() == [*range(first, end)]
            assert gave.tolist() == pytest.approx(whole[first:end], abs=1e-12)
