"""Regressors: saved is restored, symbols and numbers are told apart, wrong settings are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from tests.models.regressors import (
    ASKED,
    FIRST,
    KINDS,
    MODELS,
    ROWS,
    Kind,
    answers,
    fitted,
    symbols,
    vectors,
)

EACH = pytest.mark.parametrize("name", MODELS)


def test_more_neighbours_than_rows_are_refused() -> None:
    rows = vectors(20, 0)
    fitted("NearestNeighbours", rows, neighbours=20)
    with pytest.raises(PipelineError, match=r"neighbours: 20 rows have no 21 neighbours\. Ask for"):
        fitted("NearestNeighbours", rows, neighbours=21)


@EACH
@KINDS
def test_what_is_saved_answers_the_same_bits_restored(
    name: str, kind: Kind, tmp_path: Path
) -> None:
    model, asked = fitted(name, kind(ROWS, 0)), kind(50, 1)
    contract.save(model, tmp_path / "seed")
    restored = contract.restore(json.loads(json.dumps(model.spec())), tmp_path / "seed")
    np.testing.assert_array_equal(answers(restored, asked), answers(model, asked))
    contract.save(restored, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "seed").read_bytes()


@EACH
def test_each_seed_has_arrays_of_its_own_size(name: str, tmp_path: Path) -> None:
    """One spec goes with the weights of all seeds: here one of half as many rows."""
    small, large = (fitted(name, vectors(rows, 0)) for rows in (ROWS // 2, ROWS))
    contract.save(small, tmp_path / "seed")
    restored = contract.restore(large.spec(), tmp_path / "seed")
    asked = vectors(ASKED, 1)
    np.testing.assert_array_equal(answers(restored, asked), answers(small, asked))


@EACH
def test_arrays_of_another_type_are_refused(name: str, tmp_path: Path) -> None:
    model = fitted(name, vectors(ROWS, 0))
    array = next(iter(type(model).kinds))
    model.register_buffer(array, model.get_buffer(array).to(torch.float16))
    contract.save(model, tmp_path / "seed")
    with pytest.raises(PipelineError, match=f"does not hold the weights of {name}"):
        contract.restore(model.spec(), tmp_path / "seed")


@EACH
@KINDS
def test_the_same_seed_is_the_same_bits_and_another_is_not(name: str, kind: Kind) -> None:
    rows = kind(ROWS, 0)
    first, again, another = (fitted(name, rows, seed=seed) for seed in (4, 4, 5))
    assert first.settings == again.settings
    assert same(first, again)
    assert same(first, another) == (name == "NearestNeighbours"), "it alone draws nothing"


def same(one: contract.Model, other: contract.Model) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(mine[name], theirs[name]) for name in mine
    )


@EACH
def test_symbols_are_read_as_levels_wherever_their_numbers_begin(name: str) -> None:
    rows, asked, moved = symbols(ROWS, 0), symbols(50, 1), torch.tensor([0, 3, 100, 7])
    model = fitted(name, rows)
    other = fitted(name, rows + moved, like=rows)
    np.testing.assert_array_equal(answers(model, asked), answers(other, asked + moved))
    assert not np.array_equal(answers(model, asked), answers(other, asked)), "it reads symbols"
    assert other.get_buffer("first").tolist() == (FIRST + moved).tolist()


@EACH
def test_numbers_are_read_as_they_are(name: str) -> None:
    rows = vectors(ROWS, 0)
    model = fitted(name, rows)
    assert not len(model.get_buffer("first"))
    levels = (rows * 4).round().long()
    assert not np.array_equal(answers(model, levels.float()), answers(model, rows))


@EACH
def test_a_row_answers_alone_as_among_others(name: str) -> None:
    asked = symbols(40, 1)
    model = fitted(name, symbols(ROWS, 0))
    alone = [answers(model, row[None])[0] for row in asked]
    np.testing.assert_allclose(alone, answers(model, asked), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("NearestNeighbours", {"neighbours": 0}),
        ("Forest", {"trees": 0}),
        ("Forest", {"depth": 0}),
        ("BoostedTrees", {"rounds": 0}),
        ("BoostedTrees", {"depth": 0}),
        ("BoostedTrees", {"rate": 0.0}),
        ("BoostedTrees", {"rate": 1.5}),
        ("BoostedTrees", {"share": 0.0}),
        ("BoostedTrees", {"share": 1.5}),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(name: str, change: dict[str, Any]) -> None:
    with pytest.raises(PipelineError, match=f"model {name}: settings: {next(iter(change))}"):
        fitted(name, vectors(20, 0), **change)
