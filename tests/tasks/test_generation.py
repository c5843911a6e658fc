"""Generation: which token is chosen, and what the model reads."""

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import Model, State
from recurrent.tasks.generation import Generator, greedy, sample
from tests.models.networks import STATEFUL, network
from tests.tasks.toys import VOCABULARY, some_text
from tests.training.toy import CPU

SIZE = len(VOCABULARY)
# Far enough apart for a low temperature to leave nothing to chance.
LOGITS = st.permutations([-3.0, -1.0, 0.0, 0.5, 2.0, 4.5]).map(torch.tensor)


class Recorder(Model):
    """A model that continues the alphabet, records what it reads, and prefers padding."""

    def __init__(self) -> None:
        super().__init__(SIZE, SIZE, base.Settings())
        self.read: list[str] = []
        self.states: list[State] = []

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        (row,) = ids.tolist()
        self.read.append(VOCABULARY.decode(row))
        self.states.append(state)
        logits = torch.zeros(1, SIZE)
        logits[0, row[-1] % (SIZE - 1) + 1] = 1
        logits[0, 0] = 2
        return logits, (state or 0) + len(row)


def generator(model: Model, *, window: int = 3, stateful: bool = False) -> Generator:
    return Generator(model, VOCABULARY, window, stateful, CPU)


def text(model: Model, prefix: str, length: int, **options: Any) -> str:
    return "".join(generator(model, **options).generate(prefix, length, greedy))


def char_rnn(name: str = "CharRnn", **settings: Any) -> Model:
    return network(name, SIZE, SIZE, embedding=4, hidden=8, **settings)


@given(LOGITS, st.integers(0, 2**32))
def test_a_low_temperature_or_a_top_of_one_is_greedy(logits: Tensor, seed: int) -> None:
    assert logits[greedy(logits)] == 4.5
    cold, top = sample(0.01, None, seed), sample(1.0, 1, seed)
    assert {int(choose(logits)) for choose in (cold, top) for _ in range(5)} == {
        int(greedy(logits))
    }


@given(LOGITS, st.integers(1, 8), st.integers(0, 2**32))
def test_only_the_top_tokens_are_drawn(logits: Tensor, top: int, seed: int) -> None:
    choose = sample(100.0, top, seed)  # so flat that each of them comes
    likeliest = logits.sort(descending=True).indices[:top].tolist()
    assert {int(choose(logits)) for _ in range(200)} == {*likeliest}


@pytest.mark.parametrize(("temperature", "top"), [(1.0, None), (2.0, None), (0.5, 3)])
def test_frequencies_are_the_probabilities(temperature: float, top: int | None) -> None:
    probabilities = torch.tensor([0.5, 0.25, 0.15, 0.1])
    choose, drawn = sample(temperature, top, 0), 4000
    logits = probabilities.log().expand(40, 4)  # 40 texts
    found = Counter(token for _ in range(drawn // 40) for token in choose(logits).tolist())
    powers = probabilities[:top] ** (1 / temperature)
    for token, expected in enumerate((powers / powers.sum()).tolist()):
        error = (expected * (1 - expected) / drawn) ** 0.5
        assert abs(found[token] / drawn - expected) < 4 * error
    assert len(found) == (top or 4)


@pytest.mark.parametrize("temperature", [1e-308, 1e308])
def test_no_temperature_overflows(temperature: float) -> None:
    choose = sample(temperature, None, seed=0)
    drawn = {int(choose(torch.tensor([-torch.inf, 1.0, 2.0]))) for _ in range(50)}
    assert drawn == ({2} if temperature < 1 else {1, 2})


def test_a_seed_decides_the_text_whatever_else_is_drawn() -> None:
    def drawn(seed: int) -> str:
        torch.rand(seed + 1)
        return "".join(generator(char_rnn()).generate("abc", 40, sample(1.0, None, seed)))

    assert drawn(3) == drawn(3) != drawn(4)


@given(st.lists(LOGITS, min_size=1, max_size=5).map(torch.stack), st.integers(1, 8))
def test_the_choice_for_a_text_ignores_the_rest_of_its_batch(logits: Tensor, top: int) -> None:
    assert greedy(logits).tolist() == [int(greedy(row)) for row in logits]
    drawn = torch.stack([sample(100.0, top, seed)(logits) for seed in range(20)])
    for row, tokens in zip(logits, drawn.T, strict=True):
        assert {*tokens.tolist()} <= {*row.sort(descending=True).indices[:top].tolist()}


@pytest.mark.parametrize(("name", "settings"), [*STATEFUL, ("InterpolatedNgrams", {"order": 3})])
@pytest.mark.parametrize("stateful", [True, False])
def test_each_text_of_a_batch_is_the_text_that_is_generated_alone(
    name: str, settings: dict[str, Any], stateful: bool
) -> None:
    model = network(name, SIZE, SIZE, **settings)
    if isinstance(model, base.FittedModel):
        text = torch.from_numpy(VOCABULARY.encode(some_text(200)).astype("int64"))
        model.fit(text[None, :-1], text[None, 1:])
    made = generator(model, stateful=stateful)
    alone = "".join(made.generate("abcab", 12, greedy))
    pieces = [*made.generate("abcab", 12, greedy, texts=3)]
    assert ["".join(of_one) for of_one in zip(*pieces, strict=True)] == [alone] * 3


def test_the_texts_of_a_batch_differ_and_depend_on_the_seed() -> None:
    def drawn(seed: int, texts: int = 5) -> list[str]:
        choose = sample(1.0, None, seed)
        pieces = [*generator(char_rnn()).generate("abc", 40, choose, texts)]
        assert {len(piece) for piece in pieces} == {texts}
        return ["".join(of_one) for of_one in zip(*pieces, strict=True)]

    assert len({*drawn(3)}) == 5
    assert drawn(3) == drawn(3) != drawn(4)


def test_the_prefix_of_a_batch_is_read_once() -> None:
    shapes: list[tuple[int, ...]] = []
    model = char_rnn("StatefulRnn", cell="gru")
    model.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    assert len([*generator(model, stateful=True).generate("abcab", 3, greedy, texts=4)]) == 3
    assert shapes == [(1, 5), (4, 1), (4, 1)]


def test_a_model_of_windows_reads_the_last_characters_again() -> None:
    model = Recorder()
    assert text(model, "fabc", 4) == "defa"
    assert model.read == ["abc", "bcd", "cde", "def"]
    assert model.states == [None] * 4
    short = Recorder()
    assert text(short, "a", 4) == "bcde"
    assert short.read == ["a", "ab", "abc", "bcd"]


def test_a_stateful_model_reads_each_character_once() -> None:
    model = Recorder()
    assert text(model, "fabc", 4, stateful=True) == "defa"
    assert model.read == ["fabc", "d", "e", "f"]
    assert model.states == [None, 4, 5, 6]


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_carried_state_gives_the_same_text_as_reading_everything_again(cell: str) -> None:
    model = char_rnn("StatefulRnn", cell=cell, dropout=0.9).train()  # Generator turns dropout off
    assert text(model, "abcab", 30, stateful=True) == text(model, "abcab", 30, window=99)


def test_it_is_the_lectures_get_next_n() -> None:
    model, each = char_rnn().eval(), char_rnn("CharSeqRnn")

    def get_next(inp: str) -> str:
        ids = torch.tensor([VOCABULARY.encode(inp).tolist()])
        return VOCABULARY.characters[int(model(ids)[0][0, 1:].argmax()) + 1]

    inp = res = "abcdeabc"
    for _ in range(40):
        c = get_next(inp)
        res += c
        inp = inp[1:] + c
    assert "abcdeabc" + text(model, "abcdeabc", 40, window=8) == res
    assert "abcdeabc" + text(each, "abcdeabc", 40, window=8) == res, "its last prediction counts"


def test_padding_is_never_generated() -> None:
    model = char_rnn()
    with torch.no_grad():
        model.get_parameter("l_out.bias")[0] = 9.0
    for choose in (greedy, sample(1.0, None, 0), sample(1.0, 2, 0)):
        generated = [*generator(model).generate("abc", 50, choose)]
        assert len(generated) == 50
        assert "\0" not in generated


def test_each_character_is_yielded_before_the_next_is_computed() -> None:
    model = Recorder()
    generated = generator(model).generate("abc", 1000, greedy)
    for count, expected in enumerate("defab", 1):
        assert next(generated) == expected
        assert len(model.read) == count


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("", r"prefix '': the prefix has 0 characters\. Give 1 to 10,000"),
        ("abXcY", r"prefix 'abXcY': the training text does not contain 'X' 'Y'\."),
        ("a\0", r"does not contain '\\x00'"),
    ],
)
def test_a_prefix_that_the_model_cannot_read_is_refused(prefix: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        text(char_rnn(), prefix, 1)
