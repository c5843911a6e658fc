"""Classify names with a trained variant."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError
from recurrent.data.names.batches import of_equal_length
from recurrent.data.vocabulary import Vocabulary
from recurrent.models import base
from recurrent.serving.spec import read_spec

MAX_LENGTH = 30  # characters
BATCH = 1024  # names
UNDECIDED = "?"  # the label of a name without any known character


class Prediction(NamedTuple):
    """The likeliest class of a name. Without a known character, there are no probabilities."""

    name: str  # without spaces
    label: str
    probabilities: dict[str, float]  # by class
    unknown: list[str]  # characters that no training name has; the model does not read them

    @property
    def probability(self) -> float | None:
        """The probability of the label."""
        return self.probabilities.get(self.label)


class Classifier:
    """A trained variant that classifies names. It averages the probabilities of its seeds."""

    def __init__(self, folder: Path) -> None:
        spec = read_spec(folder, required="classes")
        self.classes: list[str] = spec["about"]["classes"]
        self.vocabulary = Vocabulary(spec["about"]["vocabulary"])
        self.models = [base.restore(spec, base.seed_file(folder, seed)) for seed in spec["seeds"]]

    def classify(self, batches: Iterable[Sequence[str]]) -> Iterator[list[Prediction]]:
        """Yield the predictions for each batch of names, in order.

        Refuse a name that is too long, after the predictions for the names before it.
        """
        classified = 0
        for lines in batches:
            names = ["".join(line.split()) for line in lines]
            for start in range(0, len(names), BATCH):
                batch = names[start : start + BATCH]
                valid = [*takewhile(lambda name: len(name) <= MAX_LENGTH, batch)]
                if valid:
                    yield self.predict(valid)
                classified += len(valid)
                if len(valid) < len(batch):
                    name = batch[len(valid)]
                    raise PipelineError(
                        f"{name[:MAX_LENGTH]!r}... has {len(name):,} characters.",
                        where=f"name {classified + 1}",
                        remedy=f"Write one name per line, with at most {MAX_LENGTH} characters.",
                    )

    def predict(self, names: Sequence[str]) -> list[Prediction]:
        """Return a prediction for each name; names must have no spaces and not be too long."""
        unknown = [self.vocabulary.unknown(name) for name in names]
        known = [
            "".join(c for c in name if c not in missing) if missing else name
            for name, missing in zip(names, unknown, strict=True)
        ]
        return [*map(self._prediction, names, unknown, self.probabilities(known))]

    def _prediction(
        self, name: str, unknown: set[str], probabilities: NDArray[np.float64]
    ) -> Prediction:
        if unknown.issuperset(name):
            return Prediction(name, UNDECIDED, {}, sorted(unknown))
        by_class = dict(zip(self.classes, probabilities.tolist(), strict=True))
        return Prediction(name, self.classes[probabilities.argmax()], by_class, sorted(unknown))

    @torch.inference_mode()
    def probabilities(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, (names, classes); zeros for an empty name."""
        ids, lengths = self.vocabulary.encode_rows(names)
        found = np.zeros((len(names), len(self.classes)))
        for rows in of_equal_length(np.flatnonzero(lengths).astype(np.int32), lengths, BATCH):
            batch = torch.from_numpy(ids[rows, : lengths[rows[0]]].astype(np.int64))
            of_seeds = [model(batch)[0].double().softmax(dim=-1) for model in self.models]
            found[rows] = torch.stack(of_seeds).mean(dim=0)
        return found
