"""Vectors of levels: each column's own, drawn by principal components, held against a map."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from recurrent.data.sales.dataset import Table, as_symbols
from recurrent.models import base as contract
from recurrent.studies.embeddings import agreement, distances, drawn, vectors

COLUMNS = {"state": ["A", "B", "C", "D"], "promo": ["0", "1"], "month": ["1", "2", "3"]}
PLACES = {"A": [0.0, 0.0], "B": [3.0, 4.0], "C": [0.0, 10.0], "D": [10.0, 0.0]}
WIDTHS = [3, 1, 2]


@pytest.fixture
def data() -> Table:
    codes = np.zeros((2, 3), dtype=np.int64)
    nothing = np.arange(0, dtype=np.int32)
    return Table(
        columns=COLUMNS,
        ids=as_symbols(COLUMNS, codes),
        values=np.ones(2),
        splits={"train": np.arange(2, dtype=np.int32), "valid": nothing, "test": nothing},
        best=None,
        vectors=None,
        places={"state": PLACES},
        origin={"source": "bundled", "name": "generated"},
    )


@pytest.fixture
def network() -> contract.Model:
    torch.manual_seed(0)
    return contract.build(
        {
            "module": "entities",
            "name": "EntityEmbeddings",
            "inputs": 10,
            "outputs": 1,
            "settings": {"widths": WIDTHS, "hidden": [4]},
        }
    )


def test_rows_differ_in_one_column_alone_and_two_levels_are_no_map(
    network: contract.Model, data: Table
) -> None:
    found = {of.column: of for of in vectors(network, data)}
    assert [*found] == ["state", "month"]
    weight = dict(network.named_parameters())["vectors.weight"].detach().double().numpy()
    state = found["state"].found - found["state"].found[0]
    assert np.allclose(state[:, :3], weight[1:5, :3] - weight[1, :3])
    assert not state[:, 3:].any()
    month = found["month"].found - found["month"].found[0]
    assert np.allclose(month[:, 4:], weight[7:10, :2] - weight[7, :2])


def test_a_map_is_that_of_principal_components(network: contract.Model, data: Table) -> None:
    state = vectors(network, data)[0]
    ours, theirs = drawn(state), PCA(2).fit(state.found)
    expected = theirs.transform(state.found)
    assert np.allclose(np.abs(ours[["first", "second"]]), np.abs(expected))
    assert ours["share"].iloc[0] == pytest.approx(theirs.explained_variance_ratio_.sum())
    assert ours["level"].tolist() == COLUMNS["state"]


def test_distances_are_of_each_pair_once(network: contract.Model, data: Table) -> None:
    state = vectors(network, data)[0]
    pairs = distances(state, PLACES).set_index(["one", "other"])
    assert len(pairs) == 6
    assert pairs.loc[("A", "B"), "true"] == 5
    apart = np.linalg.norm(state.found[0] - state.found[1])
    assert pairs.loc[("A", "B"), "learned"] == pytest.approx(apart)


def test_agreement_is_of_ranks(network: contract.Model, data: Table) -> None:
    pairs = distances(vectors(network, data)[0], PLACES)
    assert agreement(pairs.assign(learned=pairs["true"] ** 3)) == pytest.approx(1)
    assert agreement(pairs.assign(learned=-pairs["true"])) == pytest.approx(-1)
