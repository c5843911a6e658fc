"""Measured symbols become their characters: the same text, the same places, the same cost."""

import math
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recurrent.data.text import windows
from recurrent.data.text.dataset import SPLITS, RunningText
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import in_characters, to_text
from recurrent.evaluation import language
from tests.data.texts import encoded, some_text
from tests.evaluation.words import WORDS, pieces

LINES = st.lists(st.sampled_from([*"abcd", *list(WORDS)[:3]]), min_size=8, max_size=40).map("".join)
SEEDS = st.integers(0, 1000)


class Case(NamedTuple):
    """A text of words, and what two models gave some symbols of it."""

    data: RunningText
    records: NDArray[np.int32]
    logs: list[NDArray[np.float64]]


def case(line: str, seed: int) -> Case:
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary([*"abcd", *WORDS])
    stretches = windows.split(len(line), 0.25, 0.25)
    data = RunningText(
        vocabulary=vocabulary,
        ids=vocabulary.encode(line),
        steps=1,
        targets="every",
        order="consecutive",
        begins={name: windows.starts(stretch, 1, 1) for name, stretch in stretches.items()},
        stretches=stretches,
        nats=rng.random(len(line)).astype(np.float32),
        origin={"source": "own file", "name": "some.txt"},
    )
    chosen = rng.random(len(line)) < 0.5
    chosen[rng.integers(len(line))] = True
    records = np.flatnonzero(chosen).astype(np.int32)
    return Case(data, records, [np.log(rng.random(len(records))) for _ in range(2)])


class TestInCharacters:
    @given(LINES, SEEDS)
    def test_the_ids_are_the_text_over_its_own_sorted_characters(
        self, line: str, seed: int
    ) -> None:
        spelt, _, _ = in_characters(*case(line, seed), WORDS)
        text = to_text(line, WORDS)
        assert spelt.vocabulary.decode(spelt.ids) == text
        assert spelt.vocabulary.characters == ("\0", *sorted(set(text)))

    @given(LINES, SEEDS)
    def test_stretches_hold_the_characters_that_they_held(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert data.stretches and spelt.stretches
        text = to_text(line, WORDS)
        assert {name: text[first:end] for name, (first, end) in spelt.stretches.items()} == {
            name: to_text(line[first:end], WORDS) for name, (first, end) in data.stretches.items()
        }

    @given(LINES, SEEDS)
    def test_what_symbols_cost_their_source_their_characters_cost(
        self, line: str, seed: int
    ) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert data.nats is not None and spelt.nats is not None
        assert len(spelt.nats) == len(to_text(line, WORDS))
        by_symbol = np.add.reduceat(spelt.nats, [place for place, _ in pieces(line, WORDS)])
        np.testing.assert_allclose(by_symbol, data.nats, rtol=1e-6)

    @given(LINES, SEEDS)
    def test_a_record_becomes_all_its_characters_in_order_and_costs_the_same(
        self, line: str, seed: int
    ) -> None:
        data, records, logs = case(line, seed)
        _, places, shared = in_characters(data, records, logs, WORDS)
        ends = [*accumulate((len(WORDS.get(symbol, symbol)) for symbol in line), initial=0)]
        whole = [[*range(ends[record], ends[record + 1])] for record in records]
        assert places.tolist() == [place for its_own in whole for place in its_own]
        assert places.dtype == records.dtype
        begins = [0, *accumulate(map(len, whole))][:-1]
        for found, given_out in zip(logs, shared, strict=True):
            assert len(given_out) == len(places)
            by_record = np.add.reduceat(given_out, begins)
            np.testing.assert_allclose(by_record, found, rtol=0, atol=1e-9)
            assert math.fsum(given_out) == pytest.approx(math.fsum(found), abs=1e-9)

    @given(LINES, SEEDS)
    def test_the_loss_is_all_nats_by_the_number_of_characters(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        gave = {3: logs[0], 7: logs[1]}
        found = language.measured(data, records, gave, WORDS)
        report = found.report
        characters = sum(len(to_text(line[record], WORDS)) for record in records)
        assert report["characters"] == characters
        for number, given_out in gave.items():
            loss = -given_out.sum() / characters
            assert report["by_seed"][number]["loss"] == pytest.approx(loss, abs=1e-9)
        averaged = -np.log(np.mean(np.exp(logs), axis=0)).sum()  # of symbols, as models answer
        assert report["together"]["loss"] == pytest.approx(averaged / characters, abs=1e-9)
        assert found.together is not None
        assert len(found.merit) == len(found.together) == len(found.records) == characters
        cost = float(data.nats[records].sum(dtype=float)) if data.nats is not None else 0.0
        assert report["floor"]["loss"] == pytest.approx(cost / characters, abs=2e-6)

    @pytest.mark.parametrize("measured", SPLITS)
    def test_what_is_measured_on_stays(self, measured: str) -> None:
        data, records, logs = case("abcd" * 4, 0)
        there = SPLITS[: SPLITS.index(measured) + 1]
        none = np.zeros(0, dtype=np.int32)
        begins = {name: data.begins[name] if name in there else none for name in SPLITS}
        data = replace(data, begins=begins)
        assert data.measured == measured
        assert in_characters(data, records, logs, WORDS)[0].measured == measured

    @given(LINES, SEEDS)
    def test_windows_begin_where_they_did(self, line: str, seed: int) -> None:
        data, records, logs = case(line, seed)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        text = to_text(line, WORDS)
        for name, begins in data.begins.items():
            found = spelt.begins[name]
            assert found.dtype == begins.dtype
            assert [text[place:] for place in found] == [
                to_text(line[place:], WORDS) for place in begins
            ]

    def test_what_is_not_known_stays_unknown(self) -> None:
        data, records, logs = case("abcd" * 4, 0)
        data = replace(data, nats=None, stretches=None)
        spelt, _, _ = in_characters(data, records, logs, WORDS)
        assert (spelt.nats, spelt.stretches) == (None, None)

    def test_a_text_of_characters_is_left_as_it_is(self, tmp_path: Path) -> None:
        data, records = encoded(tmp_path, some_text(200)), np.array([190, 199], dtype=np.int32)
        logs = [np.log([0.5, 0.25])]
        found = in_characters(data, records, logs, {})
        assert found[0] is data
        assert found[1] is records
        assert found[2] is logs

    def test_a_symbols_cost_is_shared_by_its_characters(self) -> None:
        symbol = next(iter(WORDS))  # ab
        data, _, _ = case(f"c{symbol}dcccccc", 0)
        records = np.array([1, 2], dtype=np.int32)
        _, places, shared = in_characters(data, records, [np.array([-3.0, -1.0])], WORDS)
        assert places.tolist() == [1, 2, 3]
        assert shared[0].tolist() == [-1.5, -1.5, -1.0]
