"""The n-gram model against a slow twin that counts in dictionaries."""

from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.ngrams import InterpolatedNgrams

Row = list[int]
Drawn = tuple[int, list[Row], list[Row]]
SYMBOLS = 4  # ids 1 to 4, in most tests


class Twin:
    """The formula as it is written, one token at a time."""

    def __init__(self, rows: list[Row], order: int, symbols: int) -> None:
        self.order, self.symbols = order, symbols
        self.counts = Counter(
            tuple(row[i : i + k])
            for row in rows
            for k in range(1, order + 1)
            for i in range(len(row) - k + 1)
        )

    def p(self, token: int, context: Row, k: int) -> float:
        if k == 0:
            return 1 / self.symbols
        shorter = self.p(token, context, k - 1)
        if k - 1 > len(context):
            return shorter
        last = tuple(context[len(context) - (k - 1) :])
        following = [self.counts[(*last, c)] for c in range(1, self.symbols + 1)]
        total, distinct = sum(following), sum(map(bool, following))
        if not total:
            return shorter
        return (self.counts[(*last, token)] + distinct * shorter) / (total + distinct)

    def table(self, row: Row) -> list[list[float]]:
        """Return the probability of every token, padding first, after each start of a row."""
        tokens = range(1, self.symbols + 1)
        return [
            [0.0, *(self.p(c, row[: i + 1], self.order) for c in tokens)] for i in range(len(row))
        ]


def fitted(rows: list[Row], order: int, symbols: int = SYMBOLS) -> InterpolatedNgrams:
    settings = InterpolatedNgrams.Settings(order=order)
    model = InterpolatedNgrams(symbols + 1, symbols + 1, settings)
    text = torch.tensor(rows)
    model.fit(text[:, :-1], text[:, 1:])
    return model


@st.composite
def texts(draw: st.DrawFn) -> Drawn:
    """Draw a number of symbols, rows to train on, and rows to predict."""
    symbols = draw(st.integers(3, 5))

    def rows(shortest: int, longest: int) -> list[Row]:
        length = draw(st.integers(shortest, longest))
        row = st.lists(st.integers(1, symbols), min_size=length, max_size=length)
        return draw(st.lists(row, min_size=1, max_size=3))

    return symbols, rows(2, 30), rows(1, 12)


@given(texts(), st.integers(1, 5))
def test_probabilities_are_the_twins_and_sum_to_1(drawn: Drawn, order: int) -> None:
    symbols, trained, asked = drawn
    twin = Twin(trained, order, symbols)
    logits = fitted(trained, order, symbols)(torch.tensor(asked))[0]
    expected = torch.tensor([twin.table(row) for row in asked], dtype=torch.float64)
    torch.testing.assert_close(logits.exp(), expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(logits.softmax(dim=-1), logits.exp(), rtol=0, atol=1e-12)
    assert logits.isfinite().all()


@given(texts(), st.integers(1, 5), st.data())
def test_pieces_with_carried_state_are_the_whole_text(
    drawn: Drawn, order: int, data: st.DataObject
) -> None:
    symbols, trained, asked = drawn
    model, ids = fitted(trained, order, symbols), torch.tensor(asked)
    cuts = data.draw(st.lists(st.integers(0, ids.shape[1]), max_size=4).map(sorted))
    whole, last = model(ids)
    state: base.State = None
    pieces = []
    for piece in ids.tensor_split(cuts, dim=1):
        logits, state = model(piece, state)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-12)
    assert torch.equal(state, last)
    assert torch.equal(last, F.pad(ids, (order, 0))[:, ids.shape[1] + 1 :])


def last(model: InterpolatedNgrams, row: Row) -> Tensor:
    """Return the prediction after a row."""
    logits: Tensor = model(torch.tensor([row]))[0]
    return logits[0, -1]


def test_after_an_unknown_context_the_shorter_one_predicts() -> None:
    rows = [[1, 2, 3, 1, 2, 3, 1, 2]]
    assert torch.equal(last(fitted(rows, 3), [3, 2]), last(fitted(rows, 2), [3, 2]))
    assert torch.equal(last(fitted(rows, 3), [4]), last(fitted(rows, 1), [1]))


def test_before_fit_every_token_is_equally_likely() -> None:
    model = InterpolatedNgrams(SYMBOLS + 1, SYMBOLS + 1, InterpolatedNgrams.Settings(order=3))
    uniform = torch.tensor([0, *[1 / SYMBOLS] * SYMBOLS], dtype=torch.float64)
    torch.testing.assert_close(last(model, [1, 2]).exp(), uniform)


def test_no_gram_contains_padding() -> None:
    ids = torch.tensor([[1, 2, 1], [2, 3, 3]])
    plain, padded = fitted([[1, 2, 1], [2, 3, 3]], 3), fitted([[1, 2, 1, 0], [2, 3, 3, 0]], 3)
    assert torch.equal(plain(ids)[0], padded(ids)[0])


def test_one_label_per_row_is_refused() -> None:
    model = InterpolatedNgrams(SYMBOLS + 1, 2, InterpolatedNgrams.Settings(order=2))
    with pytest.raises(PipelineError, match="need a target at every step"):
        model.fit(torch.ones(3, 5, dtype=torch.int64), torch.ones(3, dtype=torch.int64))


@pytest.mark.parametrize(("inputs", "largest"), [(86, 9), (2, 62), (3000, 5)])
def test_an_order_beyond_63_bits_is_refused(inputs: int, largest: int) -> None:
    spec = {"module": "ngrams", "name": "InterpolatedNgrams", "inputs": inputs, "outputs": inputs}
    base.build({**spec, "settings": {"order": largest}})
    with pytest.raises(PipelineError, match=r"do not fit in 63 bits.*Lower `order`"):
        base.build({**spec, "settings": {"order": largest + 1}})
