"""Loss per character of a language model, in nats, and its perplexity."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from recurrent.data.text.dataset import RunningText
from recurrent.data.words.spelling import Words, in_characters
from recurrent.evaluation.aggregate import Metrics, perplexity
from recurrent.evaluation.measured import Measured

BLOCK = 100  # characters, at least: neighbouring ones are similarly hard
SONG = 530  # characters, at most: a song of lyrics that mark no songs, see benchmarks/blocks.py
IN_VIEW = "_in_view"  # suffix of a metric that was measured with the answer in view


def measure(
    data: RunningText,
    records: NDArray[np.int32],
    log_probs: Mapping[int, NDArray[np.float64]],
    words: Words | None = None,
) -> Measured:
    """Measure one variant, given the log-probability of each true next token by seed."""
    # The ensemble averages probabilities of tokens, before words are spelled out.
    averaged = np.logaddexp.reduce([*log_probs.values()], axis=0) - np.log(len(log_probs))
    data, records, found = in_characters(
        data, records, [*log_probs.values(), averaged], words or {}
    )
    *each, ensemble = found
    several = len(log_probs) > 1
    return Measured(
        metric="loss",
        by_seed={seed: metrics(one) for seed, one in zip(log_probs, each, strict=True)},
        ensemble=metrics(ensemble) if several else None,
        bayes=data.bayes(records),
        records=records,
        merit=np.mean(each, axis=0),
        ensemble_merit=ensemble if several else None,
        unit="characters",
        block=block(data),
        text=identify(data),
        stretch=measured_stretch(data),
    )


def metrics(log_probs: NDArray[np.float64]) -> Metrics:
    """Return mean loss and perplexity."""
    loss = float(-log_probs.mean())
    return {"loss": loss, "perplexity": perplexity(loss)}


def identify(data: RunningText) -> str:
    """Return a string that identifies the text and its stretches."""
    if data.stretches is None:
        return ""
    text = "".join(data.vocabulary.characters).encode() + data.ids.tobytes()
    return f"{sha256(text).hexdigest()} {data.stretches}"


def block(data: RunningText) -> int:
    """Return the length of a song or a paragraph: the mean distance between blank lines.

    Where line ends were replaced by spaces, two spaces are a blank line.
    """
    text = data.vocabulary.decode(data.ids)
    pieces = 1 + text.count("\n\n" if "\n" in text else "  ")
    return max(BLOCK, min(len(text) // pieces, SONG))


def measured_stretch(data: RunningText) -> tuple[int, int, int] | None:
    """Return the stretch of text on which a model is measured, and the length of the text."""
    if data.stretches is None:
        return None
    first, end = data.stretches[data.measured]
    return first, end, len(data.ids)


def by_prefix(measured: Measured, in_view: Measured) -> Measured:
    """Mark a model that sees ahead; its main metrics are those by prefix.

    Metrics with the answer in view are added under names of their own: they are not those of a
    language model.
    """
    by_seed = {
        seed: found | {name + IN_VIEW: value for name, value in in_view.by_seed[seed].items()}
        for seed, found in measured.by_seed.items()
    }
    return replace(measured, by_seed=by_seed, by_prefix=True)
