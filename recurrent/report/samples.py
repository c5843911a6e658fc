"""Texts and answers of models, for corpora that we may publish."""

from collections.abc import Mapping
from typing import Any

from recurrent.report.inputs import Inputs
from recurrent.report.numbers import number, one_line
from recurrent.report.views import Cell, Section, Table, measured, section, table

WITHHELD = (
    "Samples of the lectures' own corpora are not shown: a network may have memorised its corpus, "
    "which we may not publish, and the names belong to real people."
)
ANSWERS = {"right": "Right answers", "wrong": "Wrong answers"}
TITLE = "What the models write and answer"


def samples(inputs: Inputs, lecture: str) -> Section | None:
    """Return tables of texts after each prefix, classified names, and restored characters."""
    found = {one.name: (one, inputs.samples(one)) for one in inputs.variants(lecture)}
    shown = {name: sample for name, (one, sample) in found.items() if inputs.bundled(one)}
    withheld = any(sample for name, (_, sample) in found.items() if name not in shown)
    texts = {name: sample["by_seed"] for name, sample in shown.items() if sample.get("by_seed")}
    tables = [
        *_written(texts),
        *(_while_training(name, sample) for name, sample in shown.items()),
        *(
            _answered(f"{title} of {name}", sample.get(kind, []))
            for name, sample in shown.items()
            for kind, title in ANSWERS.items()
        ),
        *(_restored(name, sample.get("restored", [])) for name, sample in shown.items()),
    ]
    if withheld and not any(tables):
        return Section(f"{lecture}-samples", TITLE, (WITHHELD,))
    return section(f"{lecture}-samples", TITLE, [WITHHELD] if withheld else [], tables=tables)


def _written(texts: Mapping[str, Mapping[str, Mapping[str, str]]]) -> list[Table | None]:
    """Return a table for each prefix, with the text that each model's first seed writes."""
    by_prefix: dict[str, list[tuple[Cell, ...]]] = {}
    for name, by_seed in texts.items():
        for prefix, text in next(iter(by_seed.values())).items():
            by_prefix.setdefault(prefix, []).append((Cell(name, "code"), measured(text)))
    return [
        table(f"After “{one_line(prefix)}”, first seed", ("model", "text"), rows, folded=True)
        for prefix, rows in by_prefix.items()
    ]


def _while_training(name: str, sample: Mapping[str, Any]) -> Table | None:
    rows = [
        (Cell(seed, "number"), Cell(epoch, "number"), measured(text))
        for seed, epochs in sample.get("while_training", {}).items()
        for epoch, texts in epochs.items()
        for text in texts.values()
    ]
    return table(f"{name} while it trains", ("seed", "epoch", "text"), rows, folded=True)


def _answered(title: str, answers: list[Mapping[str, Any]]) -> Table | None:
    rows = [
        (
            Cell(str(one["name"])),
            Cell(str(one["label"])),
            Cell(str(one["answer"])),
            Cell(number(float(one["probability"])), "number"),
        )
        for one in answers
    ]
    return table(title, ("name", "label", "answer", "probability"), rows, folded=True)


def _restored(name: str, gaps: list[Mapping[str, Any]]) -> Table | None:
    rows = [(*(measured(str(one[key])) for key in ("text", "hidden", "answer")),) for one in gaps]
    title = f"Characters that {name} restores, each gap written □"
    return table(title, ("text", "hidden", "answer"), rows, folded=True)
