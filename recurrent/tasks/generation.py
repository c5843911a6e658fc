"""Writing on from a prefix, one character at a time."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError
from recurrent.models.base import Model, State

LONGEST = 10_000  # characters of a prefix, which is read at once
NAMED = 10  # unknown characters in an error
Choice = Callable[[Tensor], int]  # the logits of the next character -> its id


def greedy(logits: Tensor) -> int:
    """The likeliest character."""
    return int(logits.argmax())


class Draw:
    """A character by its probability: flatter above temperature 1, of the `top` likeliest only."""

    def __init__(self, temperature: float, top: int | None, seed: int) -> None:
        self.temperature, self.top = temperature, top
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, logits: Tensor) -> int:
        logits = logits.double().cpu()
        logits = (logits - logits.max()) / self.temperature  # of any temperature, none overflows
        if self.top is not None and self.top < len(logits):
            least = logits.topk(self.top).values[-1]
            logits = logits.where(logits >= least, -torch.inf)
        return int(torch.multinomial(logits.softmax(dim=-1), 1, generator=self.generator))


class Writer:
    """A trained model that writes as it was trained: from a window, or from all that it has read.

    A model of windows sees the last `steps` characters anew each time, as the lecture's
    `get_next_n`; a model that reads on carries its state.
    """

    def __init__(
        self,
        model: Model,
        vocabulary: Vocabulary,
        steps: int,
        reads_on: bool,
        device: torch.device,
    ) -> None:
        self.model, self.vocabulary, self.device = model.eval(), vocabulary, device
        self.steps, self.reads_on = steps, reads_on

    def write(self, prefix: str, length: int, choose: Choice) -> Iterator[str]:
        """So many characters after the prefix, each as soon as it is chosen."""
        refuse_unknown(prefix, self.vocabulary.unknown(prefix))
        if not 1 <= len(prefix) <= LONGEST:
            raise PipelineError(
                f"{len(prefix):,} characters are too many."
                if prefix
                else "an empty prefix says nothing.",
                where=f"prefix {prefix[:40]!r}",
                remedy=f"Begin with characters of its text, at most {LONGEST:,}.",
            )
        ids = [int(i) for i in self.vocabulary.encode(prefix)]
        state: State = None
        for _ in range(length):
            read = ids if self.reads_on else ids[-self.steps :]
            logits, state = self._next(read, state if self.reads_on else None)
            chosen = choose(logits)
            ids = [chosen] if self.reads_on else [*ids[-self.steps :], chosen]
            yield self.vocabulary.characters[chosen]

    @torch.inference_mode()
    def _next(self, ids: list[int], state: State) -> tuple[Tensor, State]:
        """The logits of the character after these: (characters,)."""
        answers, state = self.model(torch.tensor([ids], device=self.device), state)
        logits = answers.flatten(0, -2)[-1]
        logits[0] = -torch.inf  # padding is no character
        return logits, state


def refuse_unknown(prefix: str, unknown: set[str]) -> None:
    """Characters that no training text had."""
    if unknown:
        first = " ".join(map(repr, sorted(unknown)[:NAMED]))
        more = f" and {len(unknown) - NAMED:,} more" if len(unknown) > NAMED else ""
        raise PipelineError(
            f"the model never saw {first}{more}.",
            where=f"prefix {prefix[:40]!r}",
            remedy="Begin with characters of its text.",
        )
