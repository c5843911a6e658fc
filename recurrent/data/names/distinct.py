"""Distinct texts with one label each, out of tens of millions of rows in a gigabyte of memory."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

AT_ONCE = 1 << 19  # rows as Python strings, before they become bytes side by side
PARTS = 16  # one after another in a hash table: equal texts are in the same


class Distinct:
    """Rows as they come; then each text once, where it came first."""

    def __init__(self, labels: Sequence[str], unknown: str) -> None:
        self.labels = [*labels, unknown]
        self._code = {label: code for code, label in enumerate(self.labels)}
        self._waiting: list[str] = []
        self._texts: list[pd.Series] = []
        self._codes, self._parts = bytearray(), bytearray()

    def __len__(self) -> int:
        return len(self._codes)

    def add(self, text: str, label: str) -> None:
        """One row."""
        self._waiting.append(text)
        self._codes.append(self._code[label])
        self._parts.append(ord(text[-1]) % PARTS)
        if len(self._waiting) == AT_ONCE:
            self._pack()

    def table(self) -> tuple[pd.DataFrame, Counter[str]]:
        """`name` and `label` (unknown where rows contradict each other); the other rows counted."""
        self._pack()
        texts = pd.concat(self._texts, ignore_index=True)
        codes = np.frombuffer(self._codes, dtype=np.uint8).copy()
        parts = np.frombuffer(self._parts, dtype=np.uint8)
        first = np.zeros(len(codes), dtype=bool)
        repeated: Counter[str] = Counter()
        for part in range(PARTS):
            rows = np.flatnonzero(parts == part)
            number, _ = pd.factorize(texts.iloc[rows])  # numbered as they come first
            news = np.diff(np.maximum.accumulate(number), prepend=-1) > 0
            label = codes[rows[news]]
            disputed = np.zeros(len(label), dtype=bool)
            disputed[number[codes[rows] != label[number]]] = True
            first[rows[news]] = True
            codes[rows[news][disputed]] = self._code[self.labels[-1]]
            repeated["repeated with another label"] += int((disputed[number] & ~news).sum())
            repeated["repeated"] += int((~disputed[number] & ~news).sum())
        labels = pd.Categorical.from_codes(codes[first], pd.Index(self.labels))
        table = pd.DataFrame({"name": texts[first].reset_index(drop=True), "label": labels})
        return table, +repeated

    def _pack(self) -> None:
        self._texts.append(pd.Series(self._waiting, dtype="str"))
        self._waiting = []
