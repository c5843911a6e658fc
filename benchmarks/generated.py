"""Generated corpora of any size, in the formats that the stages read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

CHUNK = 500_000  # records written at a time
HAN = 0x4E00


def write_names(path: Path, records: int) -> None:
    """Write distinct names of three characters."""
    with path.open("w", encoding="utf-8") as file:
        file.write("dict,sex\n")
        for numbers in chunks(records):
            surnames, rest = numbers % 400, numbers // 400
            rows = zip(surnames, rest % 2500, rest // 2500, numbers % 2, strict=True)
            file.writelines(
                f"{chr(HAN + a)}{chr(HAN + b)}{chr(HAN + c)},{'男女'[sex]}\n"
                for a, b, c, sex in rows
            )


def write_prose(path: Path, records: int) -> None:
    """Write lower-case words of random letters."""
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz     \n", dtype=np.uint8)
    with path.open("wb") as file:
        rng = np.random.default_rng(0)
        for numbers in chunks(records):
            file.write(rng.choice(letters, len(numbers)).tobytes())


def write_lyrics(path: Path, records: int) -> None:
    """Write lines of random characters, with a vocabulary as large as the lecture's."""
    with path.open("w", encoding="utf-8") as file:
        rng = np.random.default_rng(0)
        for numbers in chunks(records):
            drawn = HAN + rng.integers(0, 2580, len(numbers))
            drawn[::11] = ord("\n")
            file.write("".join(map(chr, drawn)))


def chunks(records: int) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    """Yield the numbers from 0 on, some at a time."""
    for start in range(0, records, CHUNK):
        yield np.arange(start, min(records, start + CHUNK))
