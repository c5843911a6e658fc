"""`recurrent predict`: classify names with a trained model."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedIOBase
from itertools import takewhile
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from recurrent.commands import lookup
from recurrent.commands.stdin import read_lines
from recurrent.common.errors import PipelineError, printable
from recurrent.data.names.batches import of_equal_length
from recurrent.data.vocabulary import Vocabulary
from recurrent.models import base
from recurrent.training.determinism import prepare

LONGEST_NAME = 30  # characters
BATCH = 1024  # names
Answer = tuple[str, str, str, str]  # name, label, probability, remark


def main(name: str, names: Sequence[str] = ()) -> None:
    """Print name, label, probability and a remark, separated by tabs."""
    settings, variant, folder = lookup.find_trained(name)
    if variant.task != "classify":
        raise PipelineError(
            f"this model does not classify names; its task is {variant.task}.",
            where=variant.name,
            remedy="Choose an experiment of the names lecture, such as names_gated/gru.",
        )
    # oneDNN keeps the kernels of an nn.LSTM for each batch size. Here nearly every batch has a new
    # size, so they fill the memory and help little.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0")
    # A GPU takes longer to start than most lists take to classify.
    prepare(settings.runtime.model_copy(update={"device": "cpu", "precision": "full"}))
    classifier = Classifier(folder)
    for answers in classifier.classify([names] if names else read_stdin()):
        print(*map("\t".join, answers), sep="\n", flush=True)


def read_stdin() -> Iterator[list[str]]:
    """Iterate over the lines of standard input, in batches, as they arrive."""
    return read_lines(cast(BufferedIOBase, sys.stdin.buffer), sys.stdin.encoding)


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

    def classify(self, batches: Iterable[Sequence[str]]) -> Iterator[list[Answer]]:
        """Yield the answers to each batch of lines, in order. A blank line has no answer."""
        answered = 0
        for lines in batches:
            names = [*filter(None, ("".join(line.split()) for line in lines))]
            for start in range(0, len(names), BATCH):
                batch = names[start : start + BATCH]
                valid = [*takewhile(lambda name: len(name) <= LONGEST_NAME, batch)]
                if valid:
                    yield self.answers(valid)
                answered += len(valid)
                if len(valid) < len(batch):
                    name = batch[len(valid)]
                    raise PipelineError(
                        f"{name[:LONGEST_NAME]!r}... has {len(name):,} characters.",
                        where=f"name {answered + 1}",
                        remedy=f"Give one name per line, of at most {LONGEST_NAME} characters.",
                    )

    def answers(self, names: Sequence[str]) -> list[Answer]:
        """Return the likeliest class of each name.

        The remark lists characters that no training name had; the model does not read them.
        """
        unknown = [self.vocabulary.unknown(name) for name in names]
        known = [
            "".join(c for c in name if c not in missing) if missing else name
            for name, missing in zip(names, unknown, strict=True)
        ]
        return [*map(self._answer, names, unknown, self._probabilities(known))]

    def _answer(self, name: str, unknown: set[str], probabilities: NDArray[np.float64]) -> Answer:
        remark = f"unknown: {' '.join(map(printable, sorted(unknown)))}" if unknown else ""
        if unknown.issuperset(name):
            return printable(name), "?", "", remark
        best = int(probabilities.argmax())
        return printable(name), self.classes[best], f"{probabilities[best]:.4f}", remark

    @torch.inference_mode()
    def _probabilities(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of each class, (names, classes); zeros for an empty name."""
        ids, lengths = self.vocabulary.encode_rows(names)
        found = np.zeros((len(names), len(self.classes)))
        for rows in of_equal_length(np.flatnonzero(lengths).astype(np.int32), lengths, BATCH):
            batch = torch.from_numpy(ids[rows, : lengths[rows[0]]].astype(np.int64))
            of_seeds = [model(batch)[0].double().softmax(dim=-1) for model in self.models]
            found[rows] = torch.stack(of_seeds).mean(dim=0)
        return found
