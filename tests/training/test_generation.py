"""Writing on: what is chosen, and what the model is given to read."""

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.models.base import Model, State
from recurrent.tasks.generation import Draw, Writer, greedy

VOCABULARY = Vocabulary("abcde")
CPU = torch.device("cpu")
# Far enough apart for a low temperature to leave nothing to chance.
LOGITS = st.permutations([-3.0, -1.0, 0.0, 0.5, 2.0, 4.5]).map(torch.tensor)
SEEDS = st.integers(0, 2**32)


class Recorder(Model):
    """Says that the alphabet goes on, and that padding is likelier; keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(len(VOCABULARY), len(VOCABULARY), contract.Settings())
        self.given: list[str] = []
        self.states: list[State] = []

    def forward(self, ids: Tensor, state: State = None) -> tuple[Tensor, State]:
        (row,) = ids.tolist()
        self.given.append(VOCABULARY.decode(row))
        self.states.append(state)
        logits = torch.zeros(1, len(VOCABULARY))
        logits[0, row[-1] % 5 + 1] = 1
        logits[0, 0] = 2
        return logits, (state or 0) + len(row)


def network(name: str, module: str = "char_rnns", **settings: Any) -> Model:
    torch.manual_seed(0)
    spec = {"module": module, "name": name, "inputs": 6, "outputs": 6}
    return contract.build({**spec, "settings": {"embedding": 4, "hidden": 8, **settings}})


def writer(model: Model, *, steps: int = 3, reads_on: bool = False) -> Writer:
    return Writer(model, VOCABULARY, steps, reads_on, CPU)


def text(model: Model, prefix: str, length: int, **how: Any) -> str:
    return "".join(writer(model, **how).write(prefix, length, greedy))


class TestDraw:
    @pytest.mark.parametrize("temperature", [1e-308, 1e308])
    def test_no_temperature_overflows(self, temperature: float) -> None:
        draw = Draw(temperature, None, seed=0)
        drawn = {draw(torch.tensor([-torch.inf, 1.0, 2.0])) for _ in range(50)}
        assert drawn == ({2} if temperature < 1 else {1, 2})

    @given(LOGITS)
    def test_greedy_is_the_likeliest(self, logits: Tensor) -> None:
        assert logits[greedy(logits)] == 4.5

    @given(LOGITS, SEEDS)
    def test_a_temperature_near_zero_and_a_top_of_one_leave_the_likeliest_alone(
        self, logits: Tensor, seed: int
    ) -> None:
        cold, top = Draw(0.01, None, seed), Draw(1.0, 1, seed)
        assert {choose(logits) for choose in (cold, top) for _ in range(5)} == {greedy(logits)}

    @given(LOGITS, st.integers(1, 8), SEEDS)
    def test_nothing_is_drawn_but_the_likeliest_so_many(
        self, logits: Tensor, top: int, seed: int
    ) -> None:
        choose = Draw(100.0, top, seed)  # so flat that each of them comes
        likeliest = logits.sort(descending=True).indices[:top].tolist()
        assert {choose(logits) for _ in range(200)} == {*likeliest}

    @pytest.mark.parametrize(("temperature", "top"), [(1.0, None), (2.0, None), (0.5, 3)])
    def test_frequencies_are_the_probabilities(self, temperature: float, top: int | None) -> None:
        probabilities = torch.tensor([0.5, 0.25, 0.15, 0.1])
        choose, drawn = Draw(temperature, top, 0), 4000
        found = Counter(choose(probabilities.log()) for _ in range(drawn))
        powers = probabilities[:top] ** (1 / temperature)
        for character, expected in enumerate((powers / powers.sum()).tolist()):
            error = (expected * (1 - expected) / drawn) ** 0.5
            assert abs(found[character] / drawn - expected) < 4 * error
        assert len(found) == (top or 4)

    def test_a_seed_is_a_text_whatever_else_is_drawn(self) -> None:
        def drawn(seed: int) -> str:
            torch.rand(seed + 1)
            return "".join(writer(network("CharRnn")).write("abc", 40, Draw(1.0, None, seed)))

        assert drawn(3) == drawn(3)
        assert drawn(3) != drawn(4)


class TestWriter:
    def test_a_model_of_windows_sees_the_last_characters_alone(self) -> None:
        model = Recorder()
        assert text(model, "eabc", 4) == "deab"
        assert model.given == ["abc", "bcd", "cde", "dea"]
        assert model.states == [None] * 4

    def test_a_short_prefix_is_read_as_it_is_until_the_window_is_full(self) -> None:
        model = Recorder()
        assert text(model, "a", 4) == "bcde"
        assert model.given == ["a", "ab", "abc", "bcd"]

    def test_a_model_that_reads_on_reads_each_character_once_with_its_state(self) -> None:
        model = Recorder()
        assert text(model, "eabc", 4, reads_on=True) == "deab"
        assert model.given == ["eabc", "d", "e", "a"]
        assert model.states == [None, 4, 5, 6]

    @pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
    def test_reading_on_writes_as_reading_all_of_it_anew(self, cell: str) -> None:
        model = network("LanguageModel", "language_model", cell=cell)
        assert text(model, "abcab", 30, reads_on=True) == text(model, "abcab", 30, steps=99)

    def test_padding_is_never_written(self) -> None:
        model = network("CharRnn")
        with torch.no_grad():
            model.get_parameter("l_out.bias")[0] = 9.0
        ids = torch.tensor([VOCABULARY.encode("abc").tolist()])
        assert int(model(ids)[0].argmax()) == 0
        for choose in (greedy, Draw(1.0, None, 0), Draw(1.0, 2, 0)):
            written = [*writer(model).write("abc", 50, choose)]
            assert len(written) == 50
            assert "\0" not in written

    @pytest.mark.parametrize(
        ("prefix", "message"),
        [
            ("", r"prefix '': an empty prefix says nothing"),
            ("abXcY", r"prefix 'abXcY': the model never saw 'X' 'Y'\."),
            ("a\0", r"never saw '\\x00'"),
        ],
    )
    def test_a_prefix_that_says_nothing_to_the_model_is_refused(
        self, prefix: str, message: str
    ) -> None:
        with pytest.raises(PipelineError, match=message):
            text(network("CharRnn"), prefix, 1)

    def test_each_character_is_there_before_the_next_is_computed(self) -> None:
        model = Recorder()
        written = writer(model).write("abc", 1000, greedy)
        for count, expected in enumerate("deabc", 1):
            assert next(written) == expected
            assert len(model.given) == count

    def test_it_is_the_lectures_loop(self) -> None:
        model = network("CharRnn").eval()

        def get_next(inp: str) -> str:
            ids = torch.tensor([VOCABULARY.encode(inp).tolist()])
            return VOCABULARY.characters[int(model(ids)[0][0, 1:].argmax()) + 1]

        inp = res = "abcdeabc"
        for _ in range(40):
            c = get_next(inp)
            res += c
            inp = inp[1:] + c
        assert "abcdeabc" + text(model, "abcdeabc", 40, steps=8) == res

    def test_of_a_model_that_answers_at_each_step_the_last_answer_counts(self) -> None:
        one, each = network("CharRnn"), network("CharSeqRnn")
        assert text(one, "abcde", 20, steps=5) == text(each, "abcde", 20, steps=5)

    def test_dropout_is_for_training_alone(self) -> None:
        model = network("LanguageModel", "language_model", cell="rnn", dropout=0.9)
        first, again = (text(model.train(), "abc", 40, reads_on=True) for _ in range(2))
        assert first == again
