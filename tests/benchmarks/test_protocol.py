"""The protocol benchmark: four ways to train, only what is missing, and the page."""

from itertools import product
from math import exp
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import protocol, protocol_page, workloads
from benchmarks.protocol_page import EPOCHS, KEY, NETWORKS, PERPLEXITIES
from recurrent.common import config
from tests.project import ROOT

OFF = {
    (False, "carried"): 0.01,
    (False, "reset"): 0.02,
    (True, "carried"): 0.3,
    (True, "reset"): 0.4,
}


@pytest.mark.parametrize("network", NETWORKS)
def test_clipping_and_a_carried_state_change_training(network: str, tmp_path: Path) -> None:
    workloads.SONGS(tmp_path, 64)
    variant = config.load(folder=ROOT).find(NETWORKS[network])
    found = {
        (clipped, carried): protocol.train(variant, tmp_path, clipped, carried, 0, (1, 2))
        for clipped, carried in product((False, True), repeat=2)
    }
    first, second = ({way: of_epochs[i] for way, of_epochs in found.items()} for i in (0, 1))
    assert first[False, False] == first[False, True]  # there is no epoch before the first one
    assert first[True, False] == first[True, True] != first[False, False]
    assert len({*second.values()}) == 4
    assert max(second.values()) < min(first.values()) < 2 * workloads.LYRICS


def test_only_missing_runs_are_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def train(*arguments: object) -> list[float]:
        if len(calls) == 10:
            raise KeyboardInterrupt
        calls.append(arguments)
        return [1.5] * len(EPOCHS)

    monkeypatch.setattr(protocol_page, "OUT", tmp_path)
    monkeypatch.setattr(protocol, "lyrics", lambda folder: folder)
    monkeypatch.setattr(protocol, "train", train)
    with pytest.raises(KeyboardInterrupt):
        protocol.main(seeds=2)
    finished = protocol_page.read()
    assert len(finished) == 10 and sorted(finished["seed"]) == [0] * 8 + [1] * 2
    calls.clear()
    protocol.main(seeds=2)
    assert len(calls) == 6
    assert not protocol_page.read()[KEY].duplicated().any()
    protocol.main(seeds=2)
    assert len(calls) == 6
    assert (tmp_path / "protocol.md").exists()


def test_the_page_names_the_nearest_protocol() -> None:
    page = page_of(spread=0.001)
    for average in ("median", "mean"):
        nearest = f"By the {average} distance, *not clipped, state carried over* is nearest"
        assert nearest in page
    assert page.count("no other range over seeds overlaps with its own.") == 2
    off = "0.0110 (0.0100 to 0.0120)"
    assert f"| not clipped, state carried over | 3 | {off} | {off} |" in page
    assert "| *published* | | 1.0161 | 1.0109 | 1.0114 | 1.0581 |" in page
    low, high = (1.016101 * exp(off) for off in (0.01, 0.012))
    assert f"| not clipped, state carried over | 3 | {low:.4f} to {high:.4f} |" in page


def test_the_page_says_what_the_seeds_do_not_exclude() -> None:
    assert "its range over seeds overlaps with *not clipped, state reset*." in page_of(spread=0.006)
    assert "but one seed decides little." in page_of(spread=0, seeds=1)
    table = runs(spread=0, seeds=1)
    page = protocol_page.page(table[table["clipped"] | (table["network"] == "nn.GRU")])
    assert "some ways to train lack a seed" in page and "is nearest" not in page


def test_one_spike_moves_the_mean_distance_only() -> None:
    table = runs(spread=0.001, seeds=2)
    nearest = (table["state"] == "carried") & ~table["clipped"] & (table["network"] == "nn.GRU")
    table.loc[nearest, PERPLEXITIES[-1]] *= 2
    page = protocol_page.page(table)
    assert "By the median distance, *not clipped, state carried over* is nearest" in page
    assert "By the mean distance, *not clipped, state reset* is nearest" in page


def test_a_seed_that_only_one_network_has_finished_is_left_out() -> None:
    table = runs(spread=0.001, seeds=3)
    page = protocol_page.page(table[(table["network"] == "nn.GRU") | (table["seed"] < 2)])
    assert "| not clipped, state carried over | 2 | 0.0105 (0.0100 to 0.0110) |" in page


def page_of(spread: float, seeds: int = 3) -> str:
    return protocol_page.page(runs(spread, seeds))


def runs(spread: float, seeds: int) -> pd.DataFrame:
    """Runs at a known distance from the published numbers, which grows with the seed."""
    lines = []
    for network, way, seed in product(NETWORKS, OFF, range(seeds)):
        numbers = np.log(protocol_page.published(network)) + OFF[way] + spread * seed
        lines.append([network, *way, seed, *np.exp(numbers)])
    return pd.DataFrame(lines, columns=[*KEY, *PERPLEXITIES])
