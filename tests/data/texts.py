"""Small texts, clean and encoded."""

from pathlib import Path
from typing import Any

import numpy as np

from recurrent import files
from recurrent.data.text import encode as running_text
from recurrent.data.text.dataset import RunningText

ORIGIN = {"source": "own file", "name": "some.txt"}
TEN_EACH = {"steps": 4, "stride": 4, "targets": "every", "valid": 0.1, "test": 0.1}


def cleaned(folder: Path, text: str, nats: list[float] | None = None) -> Path:
    """What cleaning leaves of a text, and of what each character cost, if that is known."""
    (folder / "text.txt").write_text(text, encoding="utf-8", newline="")
    (folder / "nats.npy").unlink(missing_ok=True)
    if nats is not None:
        np.save(folder / "nats.npy", np.array(nats, dtype=np.float32))
    files.write_json(folder / "origin.json", ORIGIN)
    return folder


def encoded(
    folder: Path, text: str, nats: list[float] | None = None, **changes: Any
) -> RunningText:
    """A text by the encoder: windows of four side by side, a tenth to choose, one to measure."""
    settings = running_text.Settings.model_validate({**TEN_EACH, **changes})
    return running_text.encode(cleaned(folder, text, nats), settings)[0]


def some_text(length: int, characters: str = "abcdef", seed: int = 0) -> str:
    """A text that repeats itself nowhere for long."""
    return "".join(np.random.default_rng(seed).choice([*characters], size=length))
