"""`recurrent generate`: continue a text with a trained language model."""

from collections.abc import Iterator
from itertools import chain
from math import inf
from pathlib import Path

import torch

from recurrent.commands import lookup
from recurrent.common import paths
from recurrent.common.config import Variant
from recurrent.common.errors import PipelineError, printable
from recurrent.data.words.spelling import words_for
from recurrent.evaluation.foresight import sees_ahead
from recurrent.models import base
from recurrent.serving.language import LanguageModel
from recurrent.tasks.generation import greedy, sample
from recurrent.training.determinism import prepare


def main(
    name: str,
    prefix: str,
    length: int,
    temperature: float | None = None,
    top: int | None = None,
    seed: int = 0,
    count: int = 1,
) -> None:
    """Print the prefix and its continuation, each character as soon as it is generated.

    Several samples are generated as one batch and printed at the end, one per line.
    """
    settings, variant, folder = lookup.find_trained(name)
    if temperature is not None and not 0 < temperature < inf:
        raise PipelineError(
            f"must be a finite number above 0, got {temperature}.",
            where="--temperature",
            remedy="Leave it out to take the likeliest character each time.",
        )
    if count > 1 and (top == 1 or (temperature is None and top is None)):
        raise PipelineError(
            f"the likeliest text is always the same, so all {count:,} samples would be equal.",
            where="--count",
            remedy="Set --temperature, or set --top to 2 or more.",
        )
    if variant.task != "next_token":
        raise PipelineError(
            f"this model does not continue text; its task is {variant.task}.", where=variant.name
        )
    language = load_language_model(variant, folder, prepare(settings.runtime))
    sampled = temperature is not None or top is not None
    choose = sample(temperature or 1.0, top, seed) if sampled else greedy
    pieces = language.generate(prefix, length, choose, count)
    if count == 1:
        print_stream(prefix, (piece for (piece,) in pieces))
    else:
        for text in zip(*pieces, strict=True):
            # Escape line breaks, so that each sample is one line.
            print(printable(prefix + "".join(text)))


def load_language_model(variant: Variant, folder: Path, device: torch.device) -> LanguageModel:
    """Load a language model; refuse one that needs the text after the token that it predicts."""
    vocabulary = base.read_spec(folder)["about"]["vocabulary"]
    words = words_for(vocabulary, paths.encoded(variant.dataset))
    language = LanguageModel(folder, words, device)
    if sees_ahead(language.model):
        raise PipelineError(
            "this model reads the text from both sides, so it cannot continue one.",
            where=variant.name,
        )
    return language


def print_stream(prefix: str, pieces: Iterator[str]) -> None:
    """Print a text piece by piece."""
    first = next(pieces)  # raises errors before anything is printed
    for piece in chain((prefix, first), pieces):
        print(piece, end="", flush=True)
    print()
