"""Let a trained model write on: `python -m recurrent.commands.generate nietzsche_rnn --prefix "for thos"`."""

from itertools import chain
from math import inf
from typing import Annotated

import typer

from recurrent import config as params
from recurrent import console as cli
from recurrent import paths
from recurrent.data.vocabulary import Vocabulary
from recurrent.data.words.spelling import to_symbols, to_text, words_for
from recurrent.errors import PipelineError
from recurrent.evaluation.foresight import looks_ahead
from recurrent.models import base as contract
from recurrent.tasks.generation import Draw, Writer, greedy, refuse_unknown
from recurrent.training.determinism import prepare


def main(
    experiment: Annotated[str, typer.Argument(help="A trained one that models text.")],
    prefix: Annotated[str, typer.Option(help="What the text begins with.")],
    length: Annotated[
        int, typer.Option("-n", "--length", min=1, help="Characters (or words) to add.")
    ] = 40,
    temperature: Annotated[
        float | None,
        typer.Option(help="Draw by probability, flatter above 1. None: always the likeliest."),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, help="Draw among so many likeliest characters.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(min=0, max=(1 << 63) - 1, help="Of the draw: the same seed, the same text."),
    ] = 0,
) -> None:
    """Print the prefix and what the model makes of it, each character as it comes."""
    settings = params.load()
    chosen = params.choose(settings.experiments, experiment, "experiment")
    if temperature is not None and not 0 < temperature < inf:
        raise PipelineError(
            f"a temperature of {temperature} draws nothing.",
            where="--temperature",
            remedy="Give a number above 0, or leave it out for the likeliest character each time.",
        )
    folder = paths.model(experiment)
    spec = contract.read_spec(folder)
    about = spec["about"]
    if "steps" not in about:
        raise PipelineError("this experiment models no text.", where=experiment)
    device = prepare(settings.runtime)
    model = contract.restore(spec, contract.seed_file(folder, spec["seeds"][0])).to(device)
    if chosen.task != "next_character" or looks_ahead(model):
        raise PipelineError(
            "this model reads what follows, or fills gaps: it cannot write on.", where=experiment
        )
    words = words_for(about["vocabulary"], paths.encoded(chosen.dataset))
    vocabulary, read = Vocabulary(about["vocabulary"]), to_symbols(prefix, words)
    # Here, where the prefix still is as it was typed, and not in symbols.
    refuse_unknown(prefix, vocabulary.unknown(read) | {c for c in prefix if c in words})
    writer = Writer(model, vocabulary, about["steps"], about["reads_on"], device)
    drawn = temperature is not None or top is not None
    choose = Draw(temperature or 1.0, top, seed) if drawn else greedy
    written = (to_text(piece, words) for piece in writer.write(read, length, choose))
    first = next(written)  # what cannot be written on is refused before anything is printed
    for piece in chain((prefix, first), written):
        print(piece, end="", flush=True)
    print()


if __name__ == "__main__":
    cli.run(main)
