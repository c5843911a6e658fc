"""Who sees what it is asked to predict, and what it says when it does not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent import config as params
from recurrent.evaluation import foresight
from recurrent.evaluation.foresight import answers_by_prefix, looks_ahead
from recurrent.models import base as contract
from recurrent.models.base import Model
from recurrent.tasks.next_token import NextCharacter
from tests.pipeline.imports import ROOT
from tests.tasks.asking import SIZES, STREAM, at_once, network, task

CHARACTERS = 11
EXPERIMENTS = params.load(ROOT / "params.yaml").experiments
ONE_OF_EACH = {  # of those that have the same model, one
    experiment.model.model_dump_json(): name
    for name, experiment in EXPERIMENTS.items()
    if experiment.task == "next_character"
}.values()
ONE_WAY = pytest.mark.parametrize(
    ("name", "settings"),
    [("CharSeqRnn", {}), ("LanguageModel", {"cell": "gru", "dropout": 0.5})],
)
ORDERS = pytest.mark.parametrize("changes", [{}, STREAM])


def built(spec: dict[str, Any], characters: int = CHARACTERS, seed: int = 0) -> Model:
    torch.manual_seed(seed)
    return contract.build({**spec, "inputs": characters, "outputs": characters})


def stacked(characters: int = CHARACTERS, **settings: Any) -> Model:
    values = {"cell": "gru", "hidden": 6, **settings}
    return built({"module": "stacked", "name": "Stacked", "settings": values}, characters)


def both_ways(asked: NextCharacter) -> Model:
    return stacked(asked.outputs, bidirectional=True).eval()


def windows(asked: NextCharacter, split: str) -> list[tuple[int, int]]:
    """From a window's first character to after its last target."""
    return [(begin, begin + asked.data.steps + 1) for begin in asked.data.begins[split].tolist()]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_of_all_that_we_train_only_what_reads_backwards_looks_ahead(name: str, seed: int) -> None:
    spec = EXPERIMENTS[name].model.model_dump()
    expected = spec["settings"].get("bidirectional", False)
    assert looks_ahead(built(spec, seed=seed)) is expected


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("repair", ["none", "residual", "norm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_what_is_stacked_looks_ahead_by_its_directions_alone(
    cell: str, layers: int, repair: str, bidirectional: bool
) -> None:
    model = stacked(cell=cell, layers=layers, repair=repair, bidirectional=bidirectional)
    assert looks_ahead(model) is bidirectional


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("char_loops", "Char3"),
        ("char_loops", "CharLoop"),
        ("char_loops", "CharLoopConcat"),
        ("char_rnns", "CharRnn"),
    ],
)
def test_one_answer_a_window_comes_after_all_of_it(module: str, name: str) -> None:
    assert looks_ahead(built({"module": module, "name": name, "settings": SIZES})) is False


def test_what_dropout_does_while_training_is_no_foresight() -> None:
    settings = {**SIZES, "cell": "gru", "dropout": 0.5}
    model = built({"module": "language_model", "name": "LanguageModel", "settings": settings})
    assert looks_ahead(model.train()) is False


@pytest.mark.parametrize("bidirectional", [False, True])
def test_of_a_single_character_nothing_is_to_be_foreseen(bidirectional: bool) -> None:
    assert looks_ahead(stacked(2, bidirectional=bidirectional)) is False  # padding is the other


@ORDERS
@ONE_WAY
@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_a_network_of_one_direction_answers_as_in_one_pass_over_each_window(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    settings: dict[str, Any],
    changes: dict[str, Any],
    split: str,
) -> None:
    monkeypatch.setattr(foresight, "WINDOWS", 3)
    asked = task(tmp_path, **changes)
    model = network(asked, name, **settings)
    places, gave = answers_by_prefix(model.train(), asked, split)
    model.eval()
    read = windows(asked, split)
    expected = [ln for first, end in read for ln in at_once(model, asked, first, end)]
    assert gave.tolist() == pytest.approx(expected, abs=1e-6)
    assert places.tolist() == [place for first, end in read for place in range(first + 1, end)]
    assert len(set(places.tolist())) == len(places) > 3 * asked.data.steps


@ORDERS
def test_a_network_of_both_directions_does_not_answer_as_in_one_pass(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    asked = task(tmp_path, **changes)
    model = both_ways(asked)
    gave = answers_by_prefix(model, asked, "test").said.reshape(-1, asked.data.steps)
    for found, (first, end) in zip(gave.tolist(), windows(asked, "test"), strict=True):
        whole = at_once(model, asked, first, end)
        assert found[-1] == pytest.approx(whole[-1], abs=1e-6)  # the prefix is the window
        for by_prefix, in_view in zip(found[:-1], whole[:-1], strict=True):
            assert abs(by_prefix - in_view) > 1e-5


@ORDERS
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_later_character_changes_no_earlier_answer(
    tmp_path: Path, changes: dict[str, Any], step: int
) -> None:
    asked = task(tmp_path, **changes)
    model = both_ways(asked)
    first, end = windows(asked, "test")[0]
    before = answers_by_prefix(model, asked, "test").said[:4].tolist()
    before_at_once = at_once(model, asked, first, end)
    asked.ids[first + step] = asked.ids[first + step] % 6 + 1
    after = answers_by_prefix(model, asked, "test").said[:4].tolist()
    after_at_once = at_once(model, asked, first, end)
    assert after[: step - 1] == before[: step - 1]
    assert not set(before[step - 1 :]) & set(after[step - 1 :])
    assert not set(before_at_once) & set(after_at_once)
