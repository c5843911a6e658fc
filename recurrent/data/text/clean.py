"""Clean a running text: one plain UTF-8 file, or a zip that holds one .txt file."""

from pathlib import Path

import numpy as np

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.archive import is_zip, only_member
from recurrent.data.frequencies import count_characters
from recurrent.data.synthetic import text as bundled

FILE = "text"  # plain or zipped; its first bytes decide
NATS = bundled.COSTS  # -ln p(character | all before it), if the source of the text is known
LARGEST = 64 << 20  # bytes unpacked; the corpora are megabytes


def generate(folder: Path, synthetic: Synthetic) -> None:
    """Write the bundled text, and the cost in nats of each character."""
    if synthetic.grammar is None:
        raise PipelineError(
            "a bundled text is generated from a grammar, but none is set.",
            where="params.yaml: corpora",
            remedy="Set `synthetic.grammar`, for example to prose or lyrics.",
        )
    bundled.generate(folder, FILE, synthetic.grammar, synthetic.seed, synthetic.size)


def check(path: Path) -> None:
    """Refuse a file that is neither a text nor a zip of one."""
    read(path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """Write the text unchanged, and `frequencies.csv`; return the counts."""
    text = read(path)
    (out / "text.txt").write_text(text, encoding="utf-8", newline="")
    report: dict[str, object] = {
        "characters": len(text),
        "lines": text.count("\n") + 1,
        **count_characters(text, out),
    }
    if (path.parent / NATS).exists():
        nats = np.load(path.parent / NATS)
        np.save(out / NATS, nats)
        report["bayes_nats_per_character"] = round(float(nats.mean(dtype=np.float64)), 6)
    return report


def read(path: Path) -> str:
    """Return the text, line ends included; a zip is unpacked in memory."""
    content = only_member(path, ".txt", LARGEST) if is_zip(path) else path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise PipelineError(
            f"the text is not UTF-8 at byte {fault.start} (line {line}).",
            where=str(path),
            remedy="Save it as UTF-8.",
        ) from fault
    if "\0" in text:  # English in UTF-16 is also valid UTF-8
        raise PipelineError(
            "the text has null characters.", where=str(path), remedy="Save it as UTF-8."
        )
    if not text.strip():
        raise PipelineError("the text is empty.", where=str(path), remedy="Use another file.")
    return text
