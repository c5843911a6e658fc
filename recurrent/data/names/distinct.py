"""Deduplicate labelled texts: tens of millions of rows in about a gigabyte of memory."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

CHUNK = 1 << 19  # rows kept as Python strings before they are packed
PARTS = 16  # hash tables, one after another; equal texts are in the same part


class Distinct:
    """Collect rows, then list each text once, in the order of first appearance."""

    def __init__(self, labels: Sequence[str], unknown: str) -> None:
        self.labels = [*labels, unknown]
        self._code = {label: code for code, label in enumerate(self.labels)}
        self._waiting: list[str] = []
        self._texts: list[pd.Series] = []
        self._codes, self._parts = bytearray(), bytearray()

    def __len__(self) -> int:
        return len(self._codes)

    def add(self, text: str, label: str) -> None:
        """Add one row."""
        self._waiting.append(text)
        self._codes.append(self._code[label])
        self._parts.append(ord(text[-1]) % PARTS)
        if len(self._waiting) == CHUNK:
            self._pack()

    def table(self) -> tuple[pd.DataFrame, Counter[str]]:
        """Return `name` and `label` (unknown if rows disagree), and counts of repeated rows."""
        self._pack()
        texts = pd.concat(self._texts, ignore_index=True)
        codes = np.frombuffer(self._codes, dtype=np.uint8).copy()
        parts = np.frombuffer(self._parts, dtype=np.uint8)
        first = np.zeros(len(codes), dtype=bool)
        repeated: Counter[str] = Counter()
        for part in range(PARTS):
            rows = np.flatnonzero(parts == part)
            number, _ = pd.factorize(texts.iloc[rows])  # numbered by first appearance
            is_new = np.diff(np.maximum.accumulate(number), prepend=-1) > 0
            label = codes[rows[is_new]]
            disputed = np.zeros(len(label), dtype=bool)
            disputed[number[codes[rows] != label[number]]] = True
            first[rows[is_new]] = True
            codes[rows[is_new][disputed]] = self._code[self.labels[-1]]
            repeated["repeated with another label"] += int((disputed[number] & ~is_new).sum())
            repeated["repeated"] += int((~disputed[number] & ~is_new).sum())
        labels = pd.Categorical.from_codes(codes[first], pd.Index(self.labels))
        table = pd.DataFrame({"name": texts[first].reset_index(drop=True), "label": labels})
        return table, +repeated

    def _pack(self) -> None:
        self._texts.append(pd.Series(self._waiting, dtype="str"))
        self._waiting = []
