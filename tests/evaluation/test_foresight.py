"""Which models see what they predict, and what they predict when they do not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from recurrent.common import config as params
from recurrent.evaluation import foresight
from recurrent.evaluation.foresight import predict_by_prefix, sees_ahead
from recurrent.models import base
from recurrent.models.base import Model
from recurrent.tasks.next_token import NextToken
from tests.data.texts import encoded, some_text
from tests.project import ROOT

ONE_OF_EACH = {  # of variants with the same model, one
    variant.model.model_dump_json(): variant
    for pipeline in ("lectures", "beyond")
    for variant in params.load(pipeline, ROOT).variants()
    if variant.task == "next_token"
}
ORDERS = pytest.mark.parametrize("changes", [{}, {"order": "sequential"}])


def built(spec: dict[str, Any], characters: int = 11, seed: int = 0) -> Model:
    torch.manual_seed(seed)
    return base.build({**spec, "inputs": characters, "outputs": characters})


def stacked(characters: int = 11, **settings: Any) -> Model:
    values = {"cell": "gru", "hidden": 6, **settings}
    return built({"module": "lyrics", "name": "Stacked", "settings": values}, characters)


def task(folder: Path, **changes: Any) -> NextToken:
    encoded(folder, some_text(200), **changes).save(folder)
    return NextToken(folder, torch.device("cpu"))


@torch.inference_mode()
def at_once(model: Model, asked: NextToken, start: int) -> list[float]:
    """The log probability of each next character of a window, in one pass over it."""
    text = asked.ids[start : start + asked.data.window + 1]
    table = model(text[None, :-1])[0][0].double().log_softmax(dim=-1)
    return [float(row[target]) for row, target in zip(table, text[1:], strict=True)]


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_only_bidirectional_models_see_ahead(name: str) -> None:
    spec = ONE_OF_EACH[name].model.model_dump()
    expected = spec["settings"].get("bidirectional", False)
    assert all(sees_ahead(built(spec, seed=seed)) is expected for seed in range(3))


def test_neither_dropout_nor_a_single_character_is_foresight() -> None:
    assert sees_ahead(stacked(layers=2, dropout=0.5).train()) is False
    assert sees_ahead(stacked(2, bidirectional=True)) is False  # padding is the other character


@ORDERS
@pytest.mark.parametrize("split", ["train", "test"])
def test_a_network_of_one_direction_predicts_as_in_one_pass_over_each_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], split: str
) -> None:
    monkeypatch.setattr(foresight, "WINDOWS", 3)
    asked = task(tmp_path, **changes)
    model = stacked(asked.outputs).eval()
    places, log_probs = predict_by_prefix(model, asked, split)
    starts = asked.data.starts[split].tolist()
    expected = [one for start in starts for one in at_once(model, asked, start)]
    assert log_probs.tolist() == pytest.approx(expected, abs=1e-6)
    assert places.tolist() == [start + n for start in starts for n in range(1, 5)]


@ORDERS
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_later_character_changes_no_prediction_by_prefix(
    tmp_path: Path, changes: dict[str, Any], step: int
) -> None:
    asked = task(tmp_path, **changes)
    model = stacked(asked.outputs, bidirectional=True).eval()
    start = int(asked.data.starts["test"][0])
    before = predict_by_prefix(model, asked, "test").values[:4].tolist()
    before_at_once = at_once(model, asked, start)
    assert before[3] == pytest.approx(before_at_once[3], abs=1e-6), "the prefix is the window"
    asked.ids[start + step] = asked.ids[start + step] % 6 + 1
    after = predict_by_prefix(model, asked, "test").values[:4].tolist()
    assert after[: step - 1] == before[: step - 1]
    assert not set(before[step - 1 :]) & set(after[step - 1 :])
    assert not set(before_at_once) & set(at_once(model, asked, start))
