"""Vectors of levels, and one-hot levels, against layers of nn put together as the paper says."""

from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.entities import SMALL, EntityEmbeddings, OneHotEntities

LEVELS, WIDTHS = (4, 3, 2), (3, 1, 2)  # of each column
STARTS = (1, 5, 8)  # each column's first symbol: 0 is padding
INPUTS, BATCH = 10, 6
HIDDEN = pytest.mark.parametrize("hidden", [[5], [5, 4], [5, 4, 3]])

close = torch.testing.assert_close
pytestmark = pytest.mark.usefixtures("doubles")


def network(name: str, **settings: Any) -> contract.Model:
    torch.manual_seed(0)
    spec = {"module": "entities", "name": name, "inputs": INPUTS, "outputs": 1}
    return contract.build({**spec, "settings": settings})


def embeddings(hidden: list[int]) -> EntityEmbeddings:
    model = network("EntityEmbeddings", widths=[*WIDTHS], hidden=hidden)
    assert isinstance(model, EntityEmbeddings)
    return model


def one_hot(hidden: list[int]) -> OneHotEntities:
    model = network("OneHotEntities", hidden=hidden)
    assert isinstance(model, OneHotEntities)
    return model


def batch() -> Tensor:
    """A symbol a column, and each level of each column at least once."""
    torch.manual_seed(1)
    found = [
        start + torch.cat([torch.arange(levels), torch.randint(levels, (BATCH - levels,))])
        for start, levels in zip(STARTS, LEVELS, strict=True)
    ]
    return torch.stack(found, dim=1)


def layers(*sizes: int) -> nn.Sequential:
    """As the paper stacks them."""
    between = [
        layer
        for inputs, outputs in pairwise(sizes)
        for layer in (nn.Linear(inputs, outputs), nn.ReLU())
    ]
    return nn.Sequential(*between, nn.Linear(sizes[-1], 1), nn.Sigmoid())


def gradients(shares: Tensor, of: list[Tensor]) -> tuple[Tensor, ...]:
    """Of a weighted sum of what was answered."""
    torch.manual_seed(2)
    return torch.autograd.grad(shares, of, torch.randn(shares.shape))


@HIDDEN
def test_vectors_are_an_embedding_a_column_side_by_side(hidden: list[int]) -> None:
    model, ids = embeddings(hidden), batch()
    columns = [nn.Embedding(*size) for size in zip(LEVELS, WIDTHS, strict=True)]
    places = [
        (slice(start, start + levels), slice(width))
        for start, levels, width in zip(STARTS, LEVELS, WIDTHS, strict=True)
    ]
    for column, place in zip(columns, places, strict=True):
        column.weight.data.copy_(model.vectors.weight[place])
    above = layers(sum(WIDTHS), *hidden)
    above.load_state_dict(model.layers.state_dict())
    side_by_side = torch.cat(
        [column(ids[:, n] - STARTS[n]) for n, column in enumerate(columns)], dim=1
    )
    theirs, (ours, state) = above(side_by_side), model(ids)
    assert state is None
    close(model.embedded(ids), side_by_side, rtol=0, atol=0)
    close(ours, theirs, rtol=0, atol=1e-14)
    of_vectors, *of_layers = gradients(ours, [model.vectors.weight, *model.layers.parameters()])
    expected = gradients(theirs, [*(c.weight for c in columns), *above.parameters()])
    close([of_vectors[place] for place in places], [*expected[:3]], rtol=0, atol=1e-14)
    close(of_layers, [*expected[3:]], rtol=0, atol=1e-14)
    assert all(of_vectors[place].any() for place in places), "every vector must matter"
    beyond = of_vectors.clone()
    for place in places:
        beyond[place] = 0
    assert not beyond.any(), "no column reads more than its width, and none reads padding"


@HIDDEN
def test_summed_columns_of_the_weights_are_one_hot_rows_times_them(hidden: list[int]) -> None:
    model, ids = one_hot(hidden), batch()
    nn.init.normal_(model.bias)
    first = nn.Linear(INPUTS, hidden[0])
    first.weight.data.copy_(model.of_symbol.weight.T)
    first.bias.data.copy_(model.bias)
    above = layers(*hidden)
    above.load_state_dict(model.layers.state_dict())
    rows = F.one_hot(ids, INPUTS).sum(dim=1).to(torch.float64)
    theirs, (ours, state) = above(first(rows).relu()), model(ids)
    assert state is None
    close(ours, theirs, rtol=0, atol=1e-14)
    of_symbol, *others = gradients(
        ours, [model.of_symbol.weight, model.bias, *model.layers.parameters()]
    )
    of_weight, *expected = gradients(theirs, [*first.parameters(), *above.parameters()])
    close(of_symbol.T, of_weight, rtol=0, atol=1e-14)
    close(others, expected, rtol=0, atol=1e-14)
    assert of_symbol[1:].any(dim=1).all(), "every level must matter"


@pytest.mark.parametrize("make", [embeddings, one_hot])
def test_an_answer_is_one_number_a_row_between_0_and_1(make: Any) -> None:
    model = make([5, 4])
    for weight in model.parameters():
        nn.init.normal_(weight)
    shares, _ = model(batch())
    assert shares.shape == (BATCH, 1)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert shares.std() > 0.01


def test_vectors_begin_small_and_weights_of_levels_as_those_of_a_layer() -> None:
    torch.manual_seed(0)
    settings = EntityEmbeddings.Settings(widths=[8], hidden=[2])
    vectors = EntityEmbeddings(400, 1, settings).vectors.weight
    assert 0.95 * SMALL < vectors.abs().max() <= SMALL
    close(vectors.std(), torch.tensor(SMALL / 3**0.5), rtol=0.05, atol=0)
    weights = OneHotEntities(400, 1, OneHotEntities.Settings(hidden=[8])).of_symbol.weight
    theirs = nn.Linear(400, 8).weight
    assert 0.95 / 20 < weights.abs().max() <= 1 / 20
    close(weights.std(), theirs.std(), rtol=0.05, atol=0)


@pytest.mark.parametrize("widths", [[3, 1], [3, 1, 2, 2]])
def test_widths_for_other_columns_than_there_are_are_refused(widths: list[int]) -> None:
    model = network("EntityEmbeddings", widths=widths, hidden=[5])
    says = rf"settings: widths: {len(widths)} widths, but rows have 3 columns\. Give one for each"
    for ask in (model, model.embedded):
        with pytest.raises(PipelineError, match=says):
            ask(batch())


def test_one_hot_levels_have_no_vectors() -> None:
    with pytest.raises(PipelineError, match="OneHotEntities has no vectors for its symbols"):
        one_hot([5]).embedded(batch())


@pytest.mark.parametrize(
    ("name", "settings", "says"),
    [
        ("EntityEmbeddings", {"widths": [], "hidden": [5]}, "settings: widths: List should have"),
        ("EntityEmbeddings", {"widths": [0, 1], "hidden": [5]}, r"settings: widths\.0"),
        ("EntityEmbeddings", {"widths": [1], "hidden": []}, "settings: hidden: List should have"),
        ("OneHotEntities", {"hidden": []}, "settings: hidden: List should have"),
        ("OneHotEntities", {"hidden": 5}, "settings: hidden: Input should be a valid list"),
        ("OneHotEntities", {"hidden": [10**17]}, "cannot be built"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name: str, settings: Any, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        network(name, **settings)


@pytest.mark.parametrize("name", ["EntityEmbeddings", "OneHotEntities"])
def test_rows_of_vectors_are_refused(name: str) -> None:
    settings = {"hidden": [4], **({"widths": [2, 2]} if name == "EntityEmbeddings" else {})}
    spec = {"module": "entities", "name": name, "inputs": 5, "outputs": 1, "settings": settings}
    with pytest.raises(PipelineError, match="vectors in their place"):
        contract.build(spec)(torch.zeros(3, 2))
