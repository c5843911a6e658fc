"""Learned vectors: each column's own, by principal components, and compared with a map."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from recurrent.data.sales.dataset import Table, as_symbols
from recurrent.models import base
from recurrent.models.base import Model
from recurrent.studies.embeddings import (
    distances,
    learned,
    principal_components,
    rank_correlation,
)

COLUMNS = {"state": ["A", "B", "C", "D"], "promo": ["0", "1"], "month": ["1", "2", "3"]}
PLACES = {"A": [0.0, 0.0], "B": [3.0, 4.0], "C": [0.0, 10.0], "D": [10.0, 0.0]}
NOTHING = np.arange(0, dtype=np.int32)
DATA = Table(
    columns=COLUMNS,
    ids=as_symbols(COLUMNS, np.zeros((2, 3), dtype=np.int64)),
    values=np.ones(2),
    splits={"train": np.arange(2, dtype=np.int32), "valid": NOTHING, "test": NOTHING},
    bayes_values=None,
    vectors=None,
    places={"state": PLACES},
    origin={"source": "bundled", "name": "generated"},
)


@pytest.fixture
def network() -> Model:
    torch.manual_seed(0)
    spec = {"module": "sales", "name": "EntityEmbeddings", "inputs": 10, "outputs": 1}
    return base.build({**spec, "settings": {"widths": [3, 1, 2], "hidden": [4]}})


def test_rows_differ_in_only_one_column_and_two_levels_make_no_map(network: Model) -> None:
    found = {one.column: one.vectors for one in learned(network, DATA)}
    assert [*found] == ["state", "month"]
    weight = dict(network.named_parameters())["vectors.weight"].detach().double().numpy()
    state = found["state"] - found["state"][0]
    assert np.allclose(state[:, :3], weight[1:5, :3] - weight[1, :3])
    assert not state[:, 3:].any()
    month = found["month"] - found["month"][0]
    assert np.allclose(month[:, 4:], weight[7:10, :2] - weight[7, :2])


def test_a_map_shows_principal_components(network: Model) -> None:
    state = learned(network, DATA)[0]
    ours, theirs = principal_components(state), PCA(2).fit(state.vectors)
    expected = theirs.transform(state.vectors)
    assert np.allclose(np.abs(ours[["first", "second"]]), np.abs(expected))
    assert ours["share"].iloc[0] == pytest.approx(theirs.explained_variance_ratio_.sum())
    assert ours["level"].tolist() == COLUMNS["state"]


def test_each_pair_has_its_distances_and_ranks_agree_or_not(network: Model) -> None:
    state = learned(network, DATA)[0]
    pairs = distances(state, PLACES)
    assert len(pairs) == 6
    first = pairs.iloc[0]
    assert (first["one"], first["other"]) == ("A", "B")
    apart = np.linalg.norm(state.vectors[0] - state.vectors[1])
    assert (first["true"], first["learned"]) == (5, pytest.approx(apart))
    assert rank_correlation(pairs.assign(learned=pairs["true"] ** 3)) == pytest.approx(1)
    assert rank_correlation(pairs.assign(learned=-pairs["true"])) == pytest.approx(-1)
