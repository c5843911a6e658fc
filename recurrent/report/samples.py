"""What models wrote or answered, as tables; only where the corpus may be shown."""

from collections.abc import Mapping
from typing import Any

from recurrent.report.lines import plain
from recurrent.report.views import Cell, Fold, Table

WITHHELD = (
    "Samples of the lectures' own corpora are not printed here: a network that memorises writes "
    "its corpus, which is not ours to publish, and names are those of people."
)
RIGHT = {"right": "answered rightly", "wrong": "answered wrongly"}


def folds(samples: Mapping[str, Any]) -> tuple[Fold, ...]:
    """A part to unfold for each kind of sample; of texts the first seed's, side by side."""
    written = {name: found["by_seed"] for name, found in samples.items() if "by_seed" in found}
    found = []
    if written:
        found.append(Fold("What each model writes, first seed", _first_seeds(written)))
        tables = tuple(table for name in written for table in _seeds(name, samples[name]))
        if tables:
            found.append(Fold("Other seeds, and while training", tables))
    for name, sample in samples.items():
        if "right" in sample:
            tables = tuple(_answers(kind, sample[kind]) for kind in RIGHT if sample.get(kind))
            found.append(Fold(f"Names: {name}", tables))
        if "restored" in sample:
            found.append(Fold(f"Hidden characters: {name}", (_restored(sample["restored"]),)))
    return tuple(found)


def _first_seeds(written: Mapping[str, Mapping[str, Mapping[str, str]]]) -> tuple[Table, ...]:
    """One table a prefix: every model's text after it."""
    by_prefix: dict[str, list[tuple[Cell, ...]]] = {}
    for name, by_seed in written.items():
        for prefix, text in next(iter(by_seed.values()), {}).items():
            by_prefix.setdefault(prefix, []).append((Cell(name), Cell(plain(text), "code")))
    return tuple(
        Table(f"After “{plain(prefix)}”", ("experiment", "text"), tuple(rows))
        for prefix, rows in by_prefix.items()
    )


def _seeds(name: str, sample: Mapping[str, Any]) -> list[Table]:
    """Every text of one experiment beyond the first seed's last; none where there is no other."""
    rows = [
        (Cell(f"{seed}"), Cell("end"), Cell(plain(text), "code"))
        for seed, texts in [*sample["by_seed"].items()][1:]
        for text in texts.values()
    ]
    rows += [
        (Cell(f"{seed}"), Cell(f"{epoch}", "number"), Cell(plain(text), "code"))
        for seed, epochs in sample.get("while_training", {}).items()
        for epoch, texts in epochs.items()
        for text in texts.values()
    ]
    return [Table(name, ("seed", "epoch", "text"), tuple(rows))] if rows else []


def _answers(kind: str, answers: Any) -> Table:
    rows = tuple(
        (
            Cell(str(one["name"])),
            Cell(str(one["label"])),
            Cell(str(one["answer"])),
            Cell(f"{float(one['probability']):.2%}", "number"),
        )
        for one in answers
    )
    return Table(RIGHT[kind].capitalize(), ("name", "label", "answer", "probability"), rows)


def _restored(found: Any) -> Table:
    rows = tuple(
        (
            Cell(plain(str(one["text"])), "code"),
            Cell(plain(str(one["hidden"])), "code"),
            Cell(plain(str(one["answer"])), "code"),
            Cell("right" if one["hidden"] == one["answer"] else "wrong"),
        )
        for one in found
    )
    return Table("The gap is □", ("text", "hidden", "answer", ""), rows)
