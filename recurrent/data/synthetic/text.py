"""Synthetic texts: generate one with the cost of each character, or compute a text's cost."""

import math
from pathlib import Path

import numpy as np

from recurrent.data.synthetic.grammar import load
from recurrent.data.synthetic.tape import Reader, Writer

COSTS = "nats.npy"  # -ln p(character | preceding text), for every character


def generate(folder: Path, file: str, grammar: str, seed: int, size: int) -> None:
    """Write a text of at least `size` characters, and the cost of each one."""
    writer = Writer(seed)
    load(grammar).derive(writer, size)
    (folder / file).write_text(writer.text, encoding="utf-8", newline="")
    np.save(folder / COSTS, np.round(writer.nats, 6).astype(np.float32))


def cost(text: str, grammar: str) -> float:
    """Return -ln p(text) in nats.

    Raise a ValueError unless the grammar derives the text in exactly one way.
    """
    reader = Reader(text)
    load(grammar).derive(reader, len(text))
    return math.fsum(reader.nats)
