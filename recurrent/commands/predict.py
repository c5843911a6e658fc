"""`recurrent predict`: classify names with a trained model."""

import os
import sys
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from typing import cast

from recurrent.commands import lookup
from recurrent.commands.stdin import read_lines
from recurrent.common.errors import PipelineError, printable
from recurrent.serving.classifier import Classifier, Prediction
from recurrent.training.determinism import prepare


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
    for predictions in classifier.classify(without_blank(iter([names]) if names else read_stdin())):
        print(*map(line, predictions), sep="\n", flush=True)


def read_stdin() -> Iterator[Sequence[str]]:
    """Iterate over the lines of standard input, in batches, as they arrive."""
    return read_lines(cast(BufferedIOBase, sys.stdin.buffer), sys.stdin.encoding)


def without_blank(batches: Iterator[Sequence[str]]) -> Iterator[list[str]]:
    """Leave out blank lines: they have no answer."""
    return ([line for line in lines if line.strip()] for lines in batches)


def line(prediction: Prediction) -> str:
    """Return a prediction as a line: name, label, probability and a remark."""
    name, label, _, unknown = prediction
    chance = "" if prediction.probability is None else f"{prediction.probability:.4f}"
    remark = f"unknown: {' '.join(map(printable, unknown))}" if unknown else ""
    return "\t".join((printable(name), label, chance, remark))
