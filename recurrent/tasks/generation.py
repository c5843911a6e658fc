"""Text generation from a prefix, one token at a time."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.data.vocabulary import Vocabulary
from recurrent.models.base import Model, State

MAX_PREFIX = 10_000  # characters
SHOWN = 10  # unknown characters in an error
Choice = Callable[[Tensor], int]  # from the logits of the next token to its id


def greedy(logits: Tensor) -> int:
    """Choose the most likely token."""
    return int(logits.argmax())


def sample(temperature: float, top: int | None, seed: int) -> Choice:
    """Return a function that draws tokens by their probability, from the `top` most likely ones.

    A temperature above 1 flattens the probabilities.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(logits: Tensor) -> int:
        logits = logits.double().cpu()
        logits = (logits - logits.max()) / temperature  # at most 0: no temperature overflows
        if top is not None and top < len(logits):
            lowest = logits.topk(top).values[-1]
            logits = logits.where(logits >= lowest, -torch.inf)
        return int(torch.multinomial(logits.softmax(dim=-1), 1, generator=generator))

    return draw


class Generator:
    """A trained model that generates text as it was trained to read.

    A stateful model reads each token once. Any other model reads the last `window` tokens again at
    each step, as the lecture's `get_next_n` does.
    """

    def __init__(
        self,
        model: Model,
        vocabulary: Vocabulary,
        window: int,
        stateful: bool,
        device: torch.device,
    ) -> None:
        self.model, self.vocabulary, self.device = model.eval(), vocabulary, device
        self.window, self.stateful = window, stateful

    def generate(self, prefix: str, length: int, choose: Choice) -> Iterator[str]:
        """Yield `length` tokens that follow the prefix, each as soon as it is chosen."""
        refuse_unknown(prefix, self.vocabulary.unknown(prefix))
        if not 1 <= len(prefix) <= MAX_PREFIX:
            raise PipelineError(
                f"the prefix has {len(prefix):,} characters.",
                where=f"prefix {prefix[:40]!r}",
                remedy=f"Give 1 to {MAX_PREFIX:,} characters.",
            )
        ids = [int(i) for i in self.vocabulary.encode(prefix)]
        state: State = None
        for _ in range(length):
            read = ids if self.stateful else ids[-self.window :]
            logits, state = self._next(read, state if self.stateful else None)
            chosen = choose(logits)
            ids = [chosen] if self.stateful else [*ids[-self.window :], chosen]
            yield self.vocabulary.characters[chosen]

    @torch.inference_mode()
    def _next(self, ids: list[int], state: State) -> tuple[Tensor, State]:
        """Return the logits of the token that follows `ids`, and the state."""
        outputs, state = self.model(torch.tensor([ids], device=self.device), state)
        logits = outputs.flatten(0, -2)[-1]
        logits[0] = -torch.inf  # never padding
        return logits, state


def refuse_unknown(prefix: str, unknown: set[str]) -> None:
    """Refuse a prefix with characters that the training text lacks."""
    if unknown:
        first = " ".join(map(repr, sorted(unknown)[:SHOWN]))
        more = f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
        raise PipelineError(
            f"the training text does not contain {first}{more}.",
            where=f"prefix {prefix[:40]!r}",
            remedy="Use characters of the training text.",
        )
