"""Running text: what the prose and lyrics corpora share. Costs a character where they are known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from recurrent.data.frequencies import count_characters
from recurrent.data.synthetic.tape import Tape, Writer
from recurrent.errors import PipelineError

COSTS = "nats.npy"  # -ln p(character | what precedes it), of a source that is known
HELD_OUT = 0.1  # the last tenth of a text is nobody's training text


def generate(
    folder: Path, file: str, write: Callable[[Tape, int], None], seed: int, size: int
) -> None:
    """Draw a text of about `size` characters and keep what each of them cost."""
    tape = Writer(seed)
    write(tape, size)
    (folder / file).write_text(tape.text, encoding="utf-8", newline="")
    np.save(folder / COSTS, np.round(tape.nats, 6).astype(np.float32))


def decode(content: bytes, path: Path) -> str:
    """UTF-8, or an error that says where it is not."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise PipelineError(
            f"is not UTF-8 at byte {fault.start} (line {line}).",
            where=str(path),
            remedy="Save it as UTF-8.",
        ) from fault
    if "\0" in text:  # UTF-16 of English passes for UTF-8
        raise PipelineError("holds null characters.", where=str(path), remedy="Save it as UTF-8.")
    if not text.strip():
        raise PipelineError("holds no text.", where=str(path))
    return text


def clean(text: str, raw: Path, out: Path) -> dict[str, object]:
    """Write `text.txt` to the letter, `frequencies.csv` and the costs; return the counts."""
    (out / "text.txt").write_text(text, encoding="utf-8", newline="")
    report: dict[str, object] = {
        "characters": len(text),
        "lines": text.count("\n") + 1,
        **count_characters(text, out),
    }
    if (raw / COSTS).exists():
        nats = np.load(raw / COSTS)
        np.save(out / COSTS, nats)
        report["floor_nats_per_character"] = {
            "whole_text": round(float(nats.mean(dtype=np.float64)), 6),
            "last_tenth": round(float(nats[held_out(len(text))].mean(dtype=np.float64)), 6),
        }
    return report


def held_out(length: int) -> slice:
    """The stretch of a text on which floors are quoted."""
    return slice(length - int(length * HELD_OUT), length)
