"""The contract: what every model keeps, and which specs and weights are refused."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from recurrent import models
from recurrent.common import config, files
from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import Model
from tests.models.networks import (
    BATCH,
    FITTED,
    HIDDEN,
    MODULES,
    NETWORKS,
    STATEFUL,
    STEPS,
    STEPWISE,
    TOKENS,
    batch,
    network,
    parts_of,
)
from tests.project import ROOT

VARIANTS = [
    variant for name in ("lectures", "beyond") for variant in config.load(name, ROOT).variants()
]
SPEC: dict[str, Any] = {
    "module": "names",
    "name": "RecurrentClassifier",
    "inputs": 11,
    "outputs": 2,
    "settings": {"cell": "gru", "embedding": 3, "hidden": 4},
}
TRAINED: dict[str, Any] = {
    **SPEC,
    "seeds": [0],
    "about": {"vocabulary": "abcdefghij", "classes": ["男", "女"], "origin": {"source": "bundled"}},
}
close = torch.testing.assert_close


def trained(name: str, settings: dict[str, Any]) -> tuple[Model, Tensor]:
    """Return a network, or a fitted model, and inputs for it."""
    if (name, settings) in NETWORKS:
        return network(name, **settings).eval(), batch(name)
    model = network(name, outputs=2 if MODULES[name] == "baselines" else TOKENS, **settings)
    ids = torch.randint(1, TOKENS, (60, 4))
    labels = ids.roll(-1, dims=1) if name == "InterpolatedNgrams" else (ids[:, 0] > 4).long()
    model.fit(ids, labels.float() if MODULES[name] == "sales" else labels)
    return model.eval(), ids


def test_every_model_is_tested() -> None:
    found = {
        kind.__name__
        for module in iter_modules(models.__path__)
        for kind in vars(import_module(f"recurrent.models.{module.name}")).values()
        if isinstance(kind, type) and issubclass(kind, Model) and not kind.__subclasses__()
    } | {"Char3", "CharRnn"}  # which have a subclass
    assert found == MODULES.keys() == {name for name, _ in (*NETWORKS, *FITTED)}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_variant_of_the_parameters_builds(variant: config.Variant) -> None:
    model = base.build({**variant.model.model_dump(), "inputs": TOKENS, "outputs": TOKENS})
    assert model.spec() == {
        "module": variant.model.module,
        "name": variant.model.name,
        "inputs": TOKENS,
        "outputs": TOKENS,
        "settings": model.settings.model_dump(),
    }


@pytest.mark.parametrize(("name", "settings"), [*NETWORKS, *FITTED])
def test_restored_weights_give_the_same_bits(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    model, ids = trained(name, settings)
    base.save(model, tmp_path / "first")
    restored = base.restore(json.loads(json.dumps(model.spec())), tmp_path / "first")
    logits, _ = model(ids)
    assert logits.shape[0] == len(ids)
    assert torch.equal(restored(ids)[0], logits)
    base.save(restored, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize(("name", "values"), STATEFUL)
@settings(max_examples=10)
@given(cut=st.integers(1, STEPS - 1))
def test_a_state_continues_a_text(name: str, values: dict[str, Any], cut: int) -> None:
    model, ids = network(name, **values).eval().double(), batch()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    whole, last = model(ids)
    first, state = model(ids[:, :cut])
    second, state = model(ids[:, cut:], base.detach(state))
    logits = torch.cat([first, second], dim=1) if whole.dim() == 3 else second
    close(logits, whole, rtol=0, atol=1e-12)
    close(parts_of(state), parts_of(last), rtol=0, atol=1e-12)
    assert not torch.allclose(model(ids[:, cut:])[0], second, atol=1e-4), "the state must matter"


@pytest.mark.parametrize(("name", "values"), STEPWISE)
@settings(max_examples=10)
@given(place=st.integers(0, STEPS - 1))
def test_no_prediction_depends_on_what_follows(
    name: str, values: dict[str, Any], place: int
) -> None:
    model, ids = network(name, **values).eval().double(), batch()
    changed = ids.clone()
    changed[:, place] = changed[:, place] % (TOKENS - 1) + 1
    before, after = model(ids)[0], model(changed)[0]
    assert before.shape == (BATCH, STEPS, TOKENS)
    close(after[:, :place], before[:, :place], rtol=0, atol=1e-12)
    assert not torch.equal(after[:, place], before[:, place])


@pytest.mark.parametrize(("name", "values"), [case for case in NETWORKS if case[1].get("dropout")])
def test_dropout_is_for_training_only(name: str, values: dict[str, Any]) -> None:
    model, ids = network(name, **values).eval(), batch()
    plain = network(name, **{**values, "dropout": 0.0})
    assert torch.equal(model(ids)[0], plain(ids)[0])
    model.train()
    assert not torch.equal(model(ids)[0], model(ids)[0])


@pytest.mark.parametrize(("name", "values"), NETWORKS)
def test_recurrent_matrices_are_square_weights(name: str, values: dict[str, Any]) -> None:
    model = network(name, **values)
    owned = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
    matrices = model.recurrent_matrices()
    assert (not matrices) == (name == "CharLoopConcat" or MODULES[name] == "sales")
    for matrix in matrices.values():
        assert matrix.shape == (HIDDEN, HIDDEN)
        assert matrix.untyped_storage().data_ptr() in owned


def test_a_detached_state_keeps_its_values_but_no_gradient() -> None:
    h, c = (torch.rand(2, 3, requires_grad=True) * 2 for _ in range(2))
    for state in (h, (h, c), (h, (c, (h,)))):
        detached = base.detach(state)
        assert type(detached) is type(state)
        for before, after in zip(parts_of(state), parts_of(detached), strict=True):
            assert torch.equal(before, after)
            assert before.requires_grad and not after.requires_grad
    assert base.detach(None) is None


def test_a_network_has_no_fit_and_no_embeddings_by_default() -> None:
    with pytest.raises(PipelineError, match="`method: descent`"):
        base.build(SPEC).fit(torch.zeros(1, 1), torch.zeros(1))
    with pytest.raises(PipelineError, match="RecurrentClassifier has no embeddings"):
        base.build(SPEC).embedded(torch.zeros(1, 1, dtype=torch.int64))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"settings": {**SPEC["settings"], "hiden": 3}}, "settings: hiden"),
        ({"settings": {**SPEC["settings"], "hidden": 0}}, "settings: hidden"),
        ({"settings": {**SPEC["settings"], "cell": "transformer"}}, "settings: cell"),
        ({"settings": {**SPEC["settings"], "layers": 101}}, "settings: layers"),
        ({"settings": {**SPEC["settings"], "hidden": 10**18}}, "cannot be built .*hidden=1000000"),
        ({"name": "nn"}, "no model 'nn'"),
        ({"module": "nonesuch"}, "no recurrent/models/nonesuch.py"),
    ],
)
def test_a_wrong_spec_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(PipelineError, match=named):
        base.build({**SPEC, **change})


def test_weights_that_do_not_fit_the_spec_are_refused(tmp_path: Path) -> None:
    base.save(base.build({**SPEC, "inputs": 12}), tmp_path / "larger")
    (tmp_path / "pickle").write_bytes(b"\x80\x04pickle")
    for name in ("larger", "pickle", "missing"):
        with pytest.raises(
            PipelineError, match=f"{name}: does not contain the weights of Recurrent"
        ):
            base.restore(SPEC, tmp_path / name)


@pytest.mark.parametrize(("name", "settings"), FITTED)
def test_arrays_of_another_type_are_refused(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    model, _ = trained(name, settings)
    array = [*model.state_dict()][-1]
    model.register_buffer(array, model.get_buffer(array).to(torch.float16)[:-1])
    base.save(model, tmp_path / "weights")
    with pytest.raises(PipelineError, match=f"does not contain the weights of {name}"):
        base.restore(model.spec(), tmp_path / "weights")


def text(**about: Any) -> dict[str, Any]:
    """Return a change to data without classes."""
    return {"about": {"vocabulary": "abcdefghij", **about}}


@pytest.mark.parametrize(
    "change",
    [{}, text(window=8, stateful=True), text(vocabulary=[f"column={n}" for n in range(10)])],
)
def test_a_spec_is_read_as_it_was_written(tmp_path: Path, change: dict[str, Any]) -> None:
    files.write_json(tmp_path / "spec.json", {**TRAINED, **change})
    assert base.read_spec(tmp_path) == {**TRAINED, **change}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (text(vocabulary="abcdefghia"), "11 inputs and 2 outputs do not fit 9 tokens"),
        (text(classes=["男"]), r"do not fit .* 1 classes\. Train it again"),
        ({"inputs": 12}, "12 inputs and 2 outputs do not fit 10 tokens"),
        ({"seeds": []}, "seeds: List should have at least 1 item"),
        ({"module": "../models"}, "module: String should match pattern"),
        (text(window=0), "about.window: Input should be greater than or equal to 1"),
        (text(stateful="yes"), "about.stateful: Input should be a valid boolean"),
        ({"about": {"window": 8}}, r"about\.vocabulary: Field required"),
        ({"weights": 3}, "weights: unknown key"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    files.write_json(tmp_path / "spec.json", {**TRAINED, **change})
    with pytest.raises(PipelineError, match=rf"spec\.json: .*{named}"):
        base.read_spec(tmp_path)


def test_a_variant_without_a_spec_is_not_trained(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"not trained yet\. Run dvc repro"):
        base.read_spec(tmp_path)
