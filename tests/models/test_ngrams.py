"""The n-gram model against a slow twin that counts strings in dictionaries."""

from collections import Counter
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.ngrams import InterpolatedNgrams

Row = list[int]
Drawn = tuple[int, list[Row], list[Row]]
SYMBOLS = 4  # of most tests; ids 1 to 4


class Twin:
    """Counts of tuples; the formula as it is written, one character at a time."""

    def __init__(self, rows: list[Row], order: int, symbols: int) -> None:
        self.order, self.symbols = order, symbols
        self.counts = Counter(
            tuple(row[i : i + k])
            for row in rows
            for k in range(1, order + 1)
            for i in range(len(row) - k + 1)
        )

    def chance(self, character: int, context: Row, k: int) -> float:
        if k == 0:
            return 1 / self.symbols
        shorter = self.chance(character, context, k - 1)
        if k - 1 > len(context):
            return shorter
        last = tuple(context[len(context) - (k - 1) :])
        after = [self.counts[(*last, c)] for c in range(1, self.symbols + 1)]
        total, distinct = sum(after), sum(map(bool, after))
        if not total:
            return shorter
        return (self.counts[(*last, character)] + distinct * shorter) / (total + distinct)

    def chances(self, row: Row) -> list[list[float]]:
        """Of every character, padding first, after each beginning of a text."""
        characters = range(1, self.symbols + 1)
        return [
            [0.0, *(self.chance(c, row[: i + 1], self.order) for c in characters)]
            for i in range(len(row))
        ]


def fitted(rows: list[Row], order: int, symbols: int = SYMBOLS) -> InterpolatedNgrams:
    settings = InterpolatedNgrams.Settings(order=order)
    model = InterpolatedNgrams(symbols + 1, symbols + 1, settings)
    text = torch.tensor(rows)
    model.fit(text[:, :-1], text[:, 1:])
    return model


def chances(model: contract.Model, ids: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model(ids)[0]
    return logits.exp()


@st.composite
def texts(draw: st.DrawFn) -> Drawn:
    """How many symbols, rows to train on, and rows to ask about: each set of one length."""
    symbols = draw(st.integers(3, 5))

    def rows(shortest: int, longest: int) -> list[Row]:
        length = draw(st.integers(shortest, longest))
        row = st.lists(st.integers(1, symbols), min_size=length, max_size=length)
        return draw(st.lists(row, min_size=1, max_size=3))

    return symbols, rows(2, 30), rows(1, 12)


@given(texts(), st.integers(1, 5))
def test_every_probability_equals_the_twins(drawn: Drawn, order: int) -> None:
    symbols, trained, asked = drawn
    twin = Twin(trained, order, symbols)
    got = chances(fitted(trained, order, symbols), torch.tensor(asked))
    assert got.dtype == torch.float64
    expected = torch.tensor([twin.chances(row) for row in asked], dtype=torch.float64)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-9)


@given(texts(), st.integers(1, 5))
def test_the_real_characters_share_all_probability(drawn: Drawn, order: int) -> None:
    symbols, trained, asked = drawn
    model = fitted(trained, order, symbols)
    logits = model(torch.tensor(asked))[0]
    assert logits.isfinite().all()
    sums = logits[..., 1:].exp().sum(dim=-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=0, atol=1e-12)
    torch.testing.assert_close(logits.softmax(dim=-1), logits.exp(), rtol=0, atol=1e-12)


@given(texts(), st.integers(1, 5), st.data())
def test_pieces_with_carried_state_equal_the_whole_text(
    drawn: Drawn, order: int, data: st.DataObject
) -> None:
    symbols, trained, asked = drawn
    model, ids = fitted(trained, order, symbols), torch.tensor(asked)
    cuts = data.draw(st.lists(st.integers(0, ids.shape[1]), max_size=4).map(sorted))
    whole, last = model(ids)
    state: contract.State = None
    pieces = []
    for piece in ids.tensor_split(cuts, dim=1):
        logits, state = model(piece, state)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-12)
    assert torch.equal(state, last)
    assert torch.equal(last, F.pad(ids, (order, 0))[:, ids.shape[1] + 1 :])


def test_an_unseen_context_leaves_the_shorter_ones_answer() -> None:
    rows = [[1, 2, 3, 1, 2, 3, 1, 2]]
    asked = torch.tensor([[3, 2]])  # 2 was seen, but never after 3
    longer, shorter = (chances(fitted(rows, order), asked)[0, -1] for order in (3, 2))
    assert torch.equal(longer, shorter)
    never = chances(fitted(rows, 3), torch.tensor([[4]]))[0, -1]
    assert torch.equal(never, chances(fitted(rows, 1), torch.tensor([[1]]))[0, -1])


def test_before_fit_every_character_is_as_likely() -> None:
    model = InterpolatedNgrams(SYMBOLS + 1, SYMBOLS + 1, InterpolatedNgrams.Settings(order=3))
    uniform = torch.tensor([0, *[1 / SYMBOLS] * SYMBOLS], dtype=torch.float64)
    torch.testing.assert_close(chances(model, torch.tensor([[1, 2]])), uniform.expand(1, 2, -1))


def test_padding_is_part_of_no_gram() -> None:
    ids = torch.tensor([[1, 2, 1], [2, 3, 3]])
    plain, padded = fitted([[1, 2, 1], [2, 3, 3]], 3), fitted([[1, 2, 1, 0], [2, 3, 3, 0]], 3)
    assert torch.equal(plain(ids)[0], padded(ids)[0])


def test_what_fit_counted_is_saved_and_restored(tmp_path: Path) -> None:
    model = fitted([[1, 2, 3, 1, 2, 4, 1, 1]], 4)
    contract.save(model, tmp_path / "weights")
    assert model.spec()["settings"]["sizes"] == [4, 6, 6, 5]
    restored = contract.restore(model.spec(), tmp_path / "weights")
    ids = torch.randint(1, SYMBOLS + 1, (3, 9))
    assert torch.equal(model(ids)[0], restored(ids)[0])


def test_fitting_again_forgets_the_text_before() -> None:
    rows, ids = [[1, 2, 3, 1, 2]], torch.tensor([[1, 2, 4]])
    model = fitted([[4, 3, 2, 1, 4, 4]], 3)
    model.fit(torch.tensor(rows)[:, :-1], torch.tensor(rows)[:, 1:])
    assert torch.equal(model(ids)[0], fitted(rows, 3)(ids)[0])


def test_longer_contexts_fit_a_patterned_text_better() -> None:
    text = torch.tensor([[1, 1, 2, 1, 3, 1, 1, 4, 2, 3] * 20])
    ids, targets = text[:, :-1], text[:, 1:]
    models = (fitted(text.tolist(), order) for order in range(1, 6))
    losses = [F.cross_entropy(model(ids)[0][0], targets[0]).item() for model in models]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2 < 1 < losses[0]


def test_one_label_a_row_is_refused() -> None:
    model = InterpolatedNgrams(SYMBOLS + 1, 2, InterpolatedNgrams.Settings(order=2))
    with pytest.raises(PipelineError, match="windows have a target at every step"):
        model.fit(torch.ones(3, 5, dtype=torch.int64), torch.ones(3, dtype=torch.int64))


@pytest.mark.parametrize(("inputs", "fits"), [(86, 9), (2, 62), (3000, 5)])
def test_an_order_too_large_for_its_codes_is_refused(inputs: int, fits: int) -> None:
    spec = {"module": "ngrams", "name": "InterpolatedNgrams", "inputs": inputs, "outputs": inputs}
    contract.build({**spec, "settings": {"order": fits}})
    with pytest.raises(PipelineError, match=r"does not fit in 63 bits.*Lower its order"):
        contract.build({**spec, "settings": {"order": fits + 1}})
