"""Specs and weights: what is saved is what is restored, and what does not fit is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from recurrent import config as params
from recurrent import files
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.regressors import Regressor
from tests.pipeline.imports import ROOT

SPEC: dict[str, Any] = {
    "module": "recurrent_classifier",
    "name": "RecurrentClassifier",
    "inputs": 11,
    "outputs": 2,
    "settings": {"cell": "gru", "embedding": 3, "hidden": 4},
}
PARAMS = params.load(ROOT / "params.yaml")
BATCH, CHARACTERS, CLASSES = 12, 11, 2


@pytest.mark.parametrize("name", PARAMS.experiments)
def test_every_experiment_builds_and_answers_by_the_one_signature(name: str) -> None:
    experiment = PARAMS.experiments[name]
    settings = PARAMS.dataset(experiment.dataset).settings
    steps = len(settings.get("columns", ())) or settings.get("steps", 3)
    outputs = {"classify": CLASSES, "regress": 1}.get(experiment.task, CHARACTERS)
    last: tuple[int, ...] = (BATCH, outputs)
    every: tuple[int, ...] = (BATCH, steps, outputs)
    asked = {"last": [last, every], "every": [every]}  # of each step, the task can take the last
    at_once = experiment.task in ("classify", "regress")
    shapes = [last] if at_once else asked[settings.get("targets", "every")]
    model = contract.build(
        {**experiment.model.model_dump(), "inputs": CHARACTERS, "outputs": outputs}
    )
    ids = torch.randint(1, CHARACTERS, (BATCH, steps))
    if experiment.dataset in PARAMS.embedded:  # vectors in place of the symbols
        ids = torch.rand(BATCH, 2 * steps)
    if isinstance(model, Regressor):  # it knows its columns when it is fitted
        model.fit(ids, torch.rand(BATCH))
    logits, state = model(ids)
    assert tuple(logits.shape) in shapes
    again, _ = model(ids, contract.detached(state))
    assert again.shape == logits.shape


def test_what_is_detached_keeps_its_values_and_its_shape_but_no_gradient() -> None:
    h, c = (torch.rand(2, 3, requires_grad=True) * 2 for _ in range(2))
    for state in (h, (h, c), (h, (c, (h,)))):
        cut = contract.detached(state)
        for before, after in zip(leaves(state), leaves(cut), strict=True):
            assert torch.equal(before, after)
            assert before.requires_grad and not after.requires_grad
    assert isinstance(contract.detached((h, (c,)))[1], tuple)
    assert contract.detached(None) is None


def leaves(state: contract.State) -> list[Tensor]:
    """The tensors of a state, however deep."""
    return [state] if isinstance(state, Tensor) else [t for part in state for t in leaves(part)]


def test_restored_weights_answer_as_the_saved_ones(tmp_path: Path) -> None:
    model = contract.build(SPEC).eval()
    contract.save(model, tmp_path / "weights")
    restored = contract.restore(model.spec(), tmp_path / "weights")
    ids = torch.randint(11, (4, 3))
    assert torch.equal(model(ids)[0], restored(ids)[0])


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    model = contract.build(SPEC)
    contract.save(model, tmp_path / "first")
    contract.save(model, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    contract.save(contract.build({**SPEC, "inputs": 12}), tmp_path / "weights")
    with pytest.raises(PipelineError, match="does not hold the weights of RecurrentClassifier"):
        contract.restore(SPEC, tmp_path / "weights")


def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"\x80\x04pickle")
    with pytest.raises(PipelineError, match="weights"):
        contract.restore(SPEC, tmp_path / "weights")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"settings": {**SPEC["settings"], "hiden": 3}}, "settings: hiden"),
        ({"settings": {**SPEC["settings"], "hidden": 0}}, "settings: hidden"),
        ({"settings": {**SPEC["settings"], "cell": "transformer"}}, "settings: cell"),
        ({"settings": {**SPEC["settings"], "hidden": 10**18}}, "cannot be built .*hidden=1000000"),
        ({"settings": {**SPEC["settings"], "layers": 101}}, "settings: layers"),
        ({"name": "Settings"}, "no model 'Settings'"),
        ({"name": "nn"}, "no model 'nn'"),
        ({"module": "nonesuch"}, "no stages/models/nonesuch.py"),
    ],
)
def test_a_wrong_spec_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PipelineError, match=named):
        contract.build({**SPEC, **change})


def test_a_network_has_no_closed_form() -> None:
    with pytest.raises(PipelineError, match="kind: descent"):
        contract.build(SPEC).fit(torch.zeros(1, 1), torch.zeros(1))


def test_a_network_that_has_no_vectors_is_refused_by_its_name() -> None:
    says = "RecurrentClassifier has no vectors for its symbols"
    with pytest.raises(PipelineError, match=says):
        contract.build(SPEC).embedded(torch.zeros(1, 1, dtype=torch.int64))


TRAINED: dict[str, Any] = {
    **SPEC,
    "seeds": [0],
    "about": {"vocabulary": "abcdefghij", "classes": ["f", "m"], "origin": {"source": "bundled"}},
}


def of_text(**about: Any) -> dict[str, Any]:
    """What is to be changed for data without classes."""
    return {"about": {"vocabulary": "abcdefghij", **about}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        of_text(),
        of_text(steps=8, reads_on=True),
        of_text(vocabulary=[f"column={level}" for level in range(10)]),
        {"fingerprint": "0"},
    ],
)
def test_a_spec_is_read_as_it_was_written(tmp_path: Path, change: dict[str, Any]) -> None:
    files.write_json(tmp_path / "spec.json", {**TRAINED, **change})
    assert contract.read_spec(tmp_path) == {**TRAINED, **change}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (of_text(vocabulary="abcdefghi"), "11 inputs and 2 outputs, but 9 characters"),
        (of_text(vocabulary="abcdefghia"), "11 inputs and 2 outputs, but 9 characters"),
        (of_text(vocabulary=["a=1", "a=2"]), "but 2 characters"),
        (of_text(classes=["m"]), r"2 outputs, but .* 1 classes\.* Train it again"),
        (of_text(classes=["m", "f", "x"]), "2 outputs, but .* 3 classes"),
        ({"inputs": 12}, "12 inputs and 2 outputs, but 10 characters"),
        ({"inputs": 0}, "inputs: Input should be greater than or equal to 1"),
        ({"seeds": []}, "seeds: List should have at least 1 item"),
        ({"module": "../models"}, "module: String should match pattern"),
        (of_text(steps=0), "about.steps: Input should be greater than or equal to 1"),
        (of_text(reads_on="yes"), "about.reads_on: Input should be a valid boolean"),
        ({"weights": 3}, r"weights: unknown key"),
    ],
)
def test_a_spec_that_does_not_fit_itself_is_refused(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    files.write_json(tmp_path / "spec.json", {**TRAINED, **change})
    with pytest.raises(PipelineError, match=rf"spec\.json: .*{named}"):
        contract.read_spec(tmp_path)


@pytest.mark.parametrize("key", TRAINED)
def test_a_spec_without_one_of_its_keys_is_refused_by_the_key(tmp_path: Path, key: str) -> None:
    left = {name: value for name, value in TRAINED.items() if name != key}
    files.write_json(tmp_path / "spec.json", left)
    with pytest.raises(PipelineError, match=rf"spec\.json: {key}: Field required"):
        contract.read_spec(tmp_path)


def test_an_about_without_its_vocabulary_is_refused(tmp_path: Path) -> None:
    files.write_json(tmp_path / "spec.json", {**TRAINED, "about": {"steps": 8}})
    with pytest.raises(PipelineError, match=r"about\.vocabulary: Field required"):
        contract.read_spec(tmp_path)


def test_an_experiment_that_is_not_trained_has_no_spec(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"not trained yet\. Run dvc repro"):
        contract.read_spec(tmp_path)
