"""Continue text, and compute its loss, with a trained language model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import Words, to_symbols, to_text
from recurrent.models import base
from recurrent.models.base import State
from recurrent.serving.spec import read_spec
from recurrent.tasks.generation import Choice, Generator, refuse_unknown
from recurrent.tasks.next_token import log_prob_of

WINDOWS = 1024  # windows in a batch
STEPS = 256  # tokens that a stateful model reads at once
CPU = torch.device("cpu")


class LanguageModel:
    """A trained language model over characters or words, with the weights of its first seed."""

    def __init__(self, folder: Path, words: Words, device: torch.device = CPU) -> None:
        spec = read_spec(folder, required="window")
        about = spec["about"]
        self.model = base.restore(spec, base.seed_file(folder, spec["seeds"][0])).to(device)
        self.vocabulary, self.words, self.device = Vocabulary(about["vocabulary"]), words, device
        self.window: int = about["window"]
        self.stateful: bool = about["stateful"]
        self._generator = Generator(self.model, self.vocabulary, self.window, self.stateful, device)

    def generate(
        self, prefix: str, length: int, choose: Choice, texts: int = 1
    ) -> Iterator[Sequence[str]]:
        """Yield the next token of each text as soon as it is chosen, `length` times."""
        for symbols in self._generator.generate(self._symbols(prefix), length, choose, texts):
            yield [to_text(symbol, self.words) for symbol in symbols]

    @torch.inference_mode()
    def nats_per_character(self, text: str) -> float | None:
        """Return the mean loss of the text in nats per character (lower means likelier).

        Each token is predicted as in generation: a stateful model reads all tokens before it, any
        other model at most a window. Tokens that the model cannot predict, such as the first, do
        not count; return None if there are no others.
        """
        symbols = self._symbols(text)
        if len(symbols) < 2:
            return None
        ids = torch.from_numpy(self.vocabulary.encode(symbols).astype("int64")).to(self.device)
        nats, characters = 0.0, 0
        for logits, targets in self._predict(ids) if self.stateful else self._predict_windows(ids):
            nats -= float(log_prob_of(logits, targets).sum())
            characters += len(to_text(self.vocabulary.decode(targets.tolist()), self.words))
        return nats / characters if characters else None

    def _predict(self, ids: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield logits (steps, tokens) and the tokens that follow, (steps,)."""
        state: State = None
        for read, following in zip(ids[:-1].split(STEPS), ids[1:].split(STEPS), strict=True):
            logits, state = self.model(read[None], state)
            yield logits[0], following

    def _predict_windows(self, ids: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield logits (windows, tokens) and the token that follows each window, (windows,)."""
        for stop in range(self._min_length(), min(self.window, len(ids))):
            yield self._last_logits(ids[None, :stop]), ids[stop : stop + 1]
        if len(ids) > self.window:
            windows = ids[:-1].unfold(0, self.window, 1)
            for some, following in zip(
                windows.split(WINDOWS), ids[self.window :].split(WINDOWS), strict=True
            ):
                yield self._last_logits(some), following

    def _last_logits(self, windows: Tensor) -> Tensor:
        logits, _ = self.model(windows)
        last: Tensor = logits[:, -1] if logits.dim() == 3 else logits
        return last

    def _min_length(self) -> int:
        """Return how many tokens the model needs to predict: 1, or a whole window (`Char3`)."""
        try:
            self.model(torch.ones(1, 1, dtype=torch.int64, device=self.device))
        except PipelineError:
            return self.window
        return 1

    def _symbols(self, text: str) -> str:
        """Encode the text as symbols of the vocabulary; refuse characters that it lacks."""
        symbols = to_symbols(text, self.words)
        # A symbol that stands for a word is not valid input.
        typed = {c for c in text if c in self.words}
        refuse_unknown(text, self.vocabulary.unknown(symbols) | typed)
        return symbols
