"""Characters to integers and back. Index 0 is padding, as in the lectures."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recurrent.common.errors import PipelineError

PADDING = "\0"


class Vocabulary:
    """An ordered set of characters; the first real one has index 1."""

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters: tuple[str, ...] = (PADDING, *characters)
        self.index = {character: i for i, character in enumerate(self.characters)}
        if len(self.index) != len(self.characters):
            raise ValueError("the characters of a vocabulary must be distinct and not \\0")
        if len(self) > 1 << 16:
            raise PipelineError(
                f"{len(self) - 1:,} different symbols do not fit into 16 bits (at most 65,535).",
                where="params.yaml: datasets",
                remedy="Keep only the most frequent ones, or use less text.",
            )

    def __len__(self) -> int:
        return len(self.characters)

    @cached_property
    def _by_code_point(self) -> NDArray[np.uint16]:
        table = np.zeros(0x110000, dtype=np.uint16)
        table[[ord(character) for character in self.characters]] = range(len(self))
        return table

    def encode(self, text: str) -> NDArray[np.uint16]:
        """Return the index of each character; an unknown character is an error."""
        code_points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        ids = self._by_code_point[code_points]
        if not ids.all():
            unknown = sorted(self.unknown(text))
            raise ValueError(f"not in the vocabulary: {unknown[:10]}")
        return ids

    def encode_rows(self, rows: Sequence[str]) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
        """Return indices padded at the end, (rows, longest), and the length of each row."""
        lengths = np.fromiter(map(len, rows), dtype=np.uint8, count=len(rows))
        longest = int(lengths.max(initial=0))
        ids = np.zeros((len(rows), longest), dtype=np.uint16)
        ids[np.arange(longest) < lengths[:, None]] = self.encode("".join(rows))
        return ids, lengths

    def unknown(self, text: str) -> set[str]:
        """Return the characters of a text that are not in the vocabulary."""
        return {c for c in text if c == PADDING or c not in self.index}

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of some indices, without padding."""
        return "".join(self.characters[i] for i in ids if i)
