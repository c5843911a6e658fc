"""Small texts, clean and encoded."""

from pathlib import Path
from typing import Any

import numpy as np

from recurrent.common import files
from recurrent.common.config import checked
from recurrent.data.text.dataset import RunningText
from recurrent.data.text.encode import Settings, encode

ORIGIN = {"source": "own file", "name": "some.txt"}
TEN_EACH = {"window": 4, "stride": 4, "targets": "every", "valid": 0.1, "test": 0.1}


def cleaned(folder: Path, text: str, nats: list[float] | None = None) -> Path:
    """Write a clean text, and the cost of each character if it is known."""
    (folder / "text.txt").write_text(text, encoding="utf-8", newline="")
    (folder / "nats.npy").unlink(missing_ok=True)
    if nats is not None:
        np.save(folder / "nats.npy", np.array(nats, dtype=np.float32))
    files.write_json(folder / "origin.json", ORIGIN)
    return folder


def encoded(
    folder: Path, text: str, nats: list[float] | None = None, **changes: Any
) -> RunningText:
    """Encode a text: windows of four side by side, a tenth for validation and for test."""
    settings = checked(Settings, {**TEN_EACH, **changes}, "here")
    return encode(cleaned(folder, text, nats), settings)[0]


def some_text(length: int, characters: str = "abcdef", seed: int = 0) -> str:
    """Return random characters."""
    return "".join(np.random.default_rng(seed).choice([*characters], size=length))
