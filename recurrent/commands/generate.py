"""`recurrent generate`: continue a text with a trained language model."""

from collections.abc import Iterator
from itertools import chain
from math import inf

from recurrent.commands import lookup
from recurrent.common import paths
from recurrent.common.errors import PipelineError, printable
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import to_symbols, to_text, words_for
from recurrent.evaluation.foresight import sees_ahead
from recurrent.models import base
from recurrent.tasks.generation import Generator, greedy, refuse_unknown, sample
from recurrent.training.determinism import prepare


def main(
    name: str,
    prefix: str,
    length: int = 40,
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
    spec = base.read_spec(folder)
    about = spec["about"]
    if "window" not in about:
        raise PipelineError(
            "this model was trained for another task.", where=str(folder), remedy="Run dvc repro."
        )
    device = prepare(settings.runtime)
    model = base.restore(spec, base.seed_file(folder, spec["seeds"][0])).to(device)
    if sees_ahead(model):
        raise PipelineError(
            "this model reads the text from both sides, so it cannot continue one.",
            where=variant.name,
        )
    words = words_for(about["vocabulary"], paths.encoded(variant.dataset))
    vocabulary, symbols = Vocabulary(about["vocabulary"]), to_symbols(prefix, words)
    # Check the prefix here, where it is still what the user typed. Symbols that stand for words are
    # not valid input.
    refuse_unknown(prefix, vocabulary.unknown(symbols) | {c for c in prefix if c in words})
    generator = Generator(model, vocabulary, about["window"], about["stateful"], device)
    sampled = temperature is not None or top is not None
    choose = sample(temperature or 1.0, top, seed) if sampled else greedy
    pieces = generator.generate(symbols, length, choose, count)
    if count == 1:
        print_stream(prefix, (to_text(piece, words) for piece in pieces))
    else:
        for symbols_of_one in zip(*pieces, strict=True):
            # A line break within a sample is escaped: one line is one sample.
            print(printable(prefix + to_text("".join(symbols_of_one), words)))


def print_stream(prefix: str, pieces: Iterator[str]) -> None:
    """Print a text piece by piece."""
    first = next(pieces)  # raises errors before anything is printed
    for piece in chain((prefix, first), pieces):
        print(piece, end="", flush=True)
    print()
