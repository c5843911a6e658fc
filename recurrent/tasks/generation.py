"""Text generation from a prefix, one token at a time, for one text or a batch of them."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from recurrent.common.errors import PipelineError
from recurrent.data.vocabulary import Vocabulary
from recurrent.models.base import Model, State, map_state

MAX_PREFIX = 10_000  # characters
SHOWN = 10  # unknown characters in an error
Choice = Callable[[Tensor], Tensor]  # from logits (texts, tokens) to the next ids (texts,)


def greedy(logits: Tensor) -> Tensor:
    """Choose the most likely token of each text."""
    return logits.argmax(dim=-1)


def sample(temperature: float, top: int | None, seed: int) -> Choice:
    """Return a function that draws tokens by their probability, from the `top` most likely ones.

    A temperature above 1 flattens the probabilities. One random generator draws for all texts of a
    batch, so what is drawn depends on the seed and on the number of texts.
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(logits: Tensor) -> Tensor:
        logits = logits.double().cpu()
        # At most 0, so no temperature overflows.
        logits = (logits - logits.amax(dim=-1, keepdim=True)) / temperature
        if top is not None and top < logits.shape[-1]:
            lowest = logits.topk(top).values[..., -1:]
            logits = logits.where(logits >= lowest, -torch.inf)
        return torch.multinomial(logits.softmax(dim=-1), 1, generator=generator)[..., 0]

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

    def generate(self, prefix: str, length: int, choose: Choice, texts: int = 1) -> Iterator[str]:
        """Yield the next token of each text, as one string, as soon as it is chosen.

        There are `length` such strings, and each has `texts` characters. All texts start with the
        prefix.
        """
        refuse_unknown(prefix, self.vocabulary.unknown(prefix))
        if not 1 <= len(prefix) <= MAX_PREFIX:
            raise PipelineError(
                f"the prefix has {len(prefix):,} characters.",
                where=f"prefix {prefix[:40]!r}",
                remedy=f"Give 1 to {MAX_PREFIX:,} characters.",
            )
        ids = torch.from_numpy(self.vocabulary.encode(prefix).astype("int64"))[None]
        ids = ids.to(self.device)  # (1, steps): the prefix is read once
        state: State = None
        for step in range(length):
            read = ids if self.stateful else ids[:, -self.window :]
            logits, state = self._next(read, state if self.stateful else None)
            if step == 0 and texts > 1:
                ids, logits, state = map_state((ids, logits, state), partial(repeat, texts))
            chosen = choose(logits).to(self.device)[:, None]
            ids = chosen if self.stateful else torch.cat([ids[:, -self.window :], chosen], dim=1)
            yield "".join(self.vocabulary.characters[i] for i in chosen[:, 0].tolist())

    @torch.inference_mode()
    def _next(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the logits of the token that follows each row of `ids`, and the state."""
        outputs, state = self.model(ids, state)
        logits = outputs[:, -1] if outputs.dim() == 3 else outputs  # (texts, tokens)
        logits[:, 0] = -torch.inf  # never padding
        return logits, state


def repeat(texts: int, of_one: Tensor) -> Tensor:
    """Return a tensor of one text, (…, 1, width), for a batch of texts."""
    return of_one.repeat_interleave(texts, dim=-2)


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
