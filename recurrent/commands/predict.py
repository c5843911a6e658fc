"""Ask a trained names classifier: `python -m recurrent.commands.predict names_gru 王小红 李建国`."""

import sys
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Annotated

import torch
import typer

from recurrent import config as params
from recurrent import console as cli
from recurrent import paths
from recurrent.data.vocabulary import Vocabulary
from recurrent.errors import PipelineError, printable
from recurrent.models import base as contract

LONGEST = 30  # characters; what is longer is no name
READ = 1000  # characters of a line at once
Answer = tuple[str, str, str, str]  # name, label, probability, remark


def main(
    experiment: Annotated[str, typer.Argument(help="A trained names experiment, as names_gru.")],
    names: Annotated[list[str] | None, typer.Argument(help="None: one a line from stdin.")] = None,
) -> None:
    """Print name, label, probability and a remark, separated by tabs."""
    params.choose(params.load().experiments, experiment, "experiment")
    classifier = Classifier(experiment)
    for answer in classifier.answers(names or typed()):
        print(*answer, sep="\t", flush=True)


def typed() -> Iterator[str]:
    """The lines of standard input, whatever their bytes; of a very long one, pieces."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return iter(lambda: sys.stdin.readline(READ), "")


class Classifier:
    """A trained experiment, all its seeds together: their probabilities are averaged."""

    def __init__(self, experiment: str) -> None:
        folder = paths.model(experiment)
        spec = contract.read_spec(folder)
        if not spec["about"].get("classes"):
            raise PipelineError("this experiment does not classify names.", where=experiment)
        self.classes: list[str] = spec["about"]["classes"]
        self.vocabulary = Vocabulary(spec["about"]["vocabulary"])
        self.models = [
            contract.restore(spec, contract.seed_file(folder, seed)) for seed in spec["seeds"]
        ]

    def answers(self, lines: Iterable[str]) -> Iterator[Answer]:
        """One answer a line that is not blank."""
        names = ("".join(line.split()) for line in lines)
        for number, name in enumerate(filter(None, names), 1):
            if len(name) > LONGEST:
                raise PipelineError(
                    f"{len(name):,} characters are no name: {name[:LONGEST]!r}...",
                    where=f"name {number}",
                    remedy=f"Give one name a line, of at most {LONGEST} characters.",
                )
            yield self.answer(name)

    def answer(self, name: str) -> Answer:
        """The likelier class. Characters that no training name had are left out, and named."""
        unknown = self.vocabulary.unknown(name)
        known = "".join(character for character in name if character not in unknown)
        remark = f"unknown: {' '.join(map(printable, sorted(unknown)))}" if unknown else ""
        if not known:
            return printable(name), "?", "", remark
        probability = self._probabilities(known)
        best = int(probability.argmax())
        return printable(name), self.classes[best], f"{probability[best]:.4f}", remark

    @torch.inference_mode()
    def _probabilities(self, name: str) -> torch.Tensor:
        ids = torch.tensor(self.vocabulary.encode(name).astype("int64"))[None]
        answers = [model(ids)[0].double().softmax(dim=-1)[0] for model in self.models]
        return torch.stack(answers).mean(dim=0)


if __name__ == "__main__":
    cli.run(main)
