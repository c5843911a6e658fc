"""`recurrent predict`: classify names with a trained model."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path

import torch

from recurrent.commands import lookup
from recurrent.common.errors import PipelineError, printable
from recurrent.data.vocabulary import Vocabulary
from recurrent.models import base

LONGEST_NAME = 30  # characters
PIECE = 1000  # characters of a line that are read at once
Answer = tuple[str, str, str, str]  # name, label, probability, remark


def main(name: str, names: Sequence[str] = ()) -> None:
    """Print name, label, probability and a remark, separated by tabs."""
    settings, variant = lookup.find(name)
    if variant.task != "classify":
        raise PipelineError(
            f"this model does not classify names; its task is {variant.task}.",
            where=variant.name,
            remedy="Choose an experiment of the names lecture, such as names_gated/gru.",
        )
    classifier = Classifier(settings.results.model(variant.experiment, variant.variant))
    for answer in classifier.classify(names or read_stdin()):
        print(*answer, sep="\t", flush=True)


def read_stdin() -> Iterator[str]:
    """Iterate over the lines of standard input, with any bytes. Split a very long line."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return iter(lambda: sys.stdin.readline(PIECE), "")


class Classifier:
    """A trained variant. It averages the probabilities of its seeds."""

    def __init__(self, folder: Path) -> None:
        spec = base.read_spec(folder)
        self.classes: list[str] = spec["about"].get("classes", [])
        if not self.classes:
            raise PipelineError(
                "this model was trained for another task.",
                where=str(folder),
                remedy="Run dvc repro.",
            )
        self.vocabulary = Vocabulary(spec["about"]["vocabulary"])
        self.models = [base.restore(spec, base.seed_file(folder, seed)) for seed in spec["seeds"]]

    def classify(self, lines: Iterable[str]) -> Iterator[Answer]:
        """Yield an answer for each line that is not blank."""
        names = ("".join(line.split()) for line in lines)
        for number, name in enumerate(filter(None, names), 1):
            if len(name) > LONGEST_NAME:
                raise PipelineError(
                    f"{name[:LONGEST_NAME]!r}... has {len(name):,} characters.",
                    where=f"name {number}",
                    remedy=f"Give one name per line, of at most {LONGEST_NAME} characters.",
                )
            yield self.answer(name)

    def answer(self, name: str) -> Answer:
        """Return the likeliest class. The remark lists characters that no training name had."""
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
        of_seeds = [model(ids)[0].double().softmax(dim=-1)[0] for model in self.models]
        return torch.stack(of_seeds).mean(dim=0)
