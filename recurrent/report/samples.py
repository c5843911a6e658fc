"""Texts and answers of models, for corpora that we may publish."""

from collections.abc import Mapping
from typing import Any

from recurrent.report.inputs import Inputs
from recurrent.report.numbers import one_line, percent
from recurrent.report.views import Cell, Section, Table, measured, section, table

WITHHELD = (
    "Samples of the lectures' own corpora are not shown: a network may have memorised its corpus, "
    "which we may not publish, and the names belong to real people."
)
ANSWERS = {"right": "Right answers", "wrong": "Wrong answers"}
WAYS = {"by_seed": "greedy: the likeliest character each time", "drawn": "drawn at temperature 0.8"}
OPEN = 1  # of the prefixes; the others are folded


def samples(inputs: Inputs, lecture: str) -> Section | None:
    """Return tables of texts after each prefix, classified names, and restored characters."""
    found = {one.name: (one, inputs.samples(one)) for one in inputs.variants(lecture)}
    shown = {name: sample for name, (one, sample) in found.items() if inputs.public(one)}
    withheld = any(sample for name, (_, sample) in found.items() if name not in shown)
    tables = [
        *_written(inputs, shown),
        *(_while_training(inputs, name, sample) for name, sample in shown.items()),
        *_answered(inputs, shown),
        *(
            _restored(inputs.called(name), sample.get("restored", []))
            for name, sample in shown.items()
        ),
    ]
    title = "What the models write and answer"
    if withheld and not any(tables):
        return Section(f"{lecture}-samples", title, (WITHHELD,))
    return section(f"{lecture}-samples", title, [WITHHELD] if withheld else [], tables=tables)


def _written(inputs: Inputs, shown: Mapping[str, Mapping[str, Any]]) -> list[Table | None]:
    """Return a table for each prefix, with the text that each model's first seed writes."""
    by_prefix: dict[str, list[tuple[Cell, ...]]] = {}
    for name, sample in shown.items():
        seeds = [[*sample.get(way, {}).values()] for way in WAYS]
        first: list[dict[str, str]] = [texts[0] if texts else {} for texts in seeds]
        for prefix in first[0]:
            texts = [measured(text.get(prefix, "")) for text in first]
            by_prefix.setdefault(prefix, []).append((inputs.model(name), *texts))
    longest = sorted(by_prefix, key=lambda prefix: -len(by_prefix[prefix]))
    return [
        table(
            f"After “{one_line(prefix)}”, first seed",
            ("model", *WAYS.values()),
            by_prefix[prefix],
            folded=place >= OPEN,
        )
        for place, prefix in enumerate(longest)
    ]


def _while_training(inputs: Inputs, name: str, sample: Mapping[str, Any]) -> Table | None:
    rows = [
        (Cell(seed, "number"), Cell(epoch, "number"), measured(text))
        for seed, epochs in sample.get("while_training", {}).items()
        for epoch, texts in epochs.items()
        for text in texts.values()
    ]
    title = f"{inputs.called(name)} while it trains"
    return table(title, ("seed", "epoch", "text"), rows, folded=True)


def _answered(inputs: Inputs, shown: Mapping[str, Mapping[str, Any]]) -> list[Table | None]:
    """Return tables of classified names; those of the model that comes last are open."""
    classified = [name for name, sample in shown.items() if sample.get("right")]
    networks = [name for name in classified if not inputs.fitted(name)]
    return [
        _answers(
            f"{title} of {inputs.called(name)}",
            shown[name].get(kind, []),
            folded=name not in networks[-1:],
        )
        for name in (*networks[-1:], *(name for name in classified if name not in networks[-1:]))
        for kind, title in ANSWERS.items()
    ]


def _answers(title: str, answers: list[Mapping[str, Any]], folded: bool) -> Table | None:
    rows = [
        (
            Cell(str(one["name"])),
            Cell(str(one["label"])),
            Cell(str(one["answer"])),
            Cell(percent(float(one["probability"])), "number"),
        )
        for one in answers
    ]
    return table(title, ("name", "label", "answer", "probability"), rows, folded=folded)


def _restored(name: str, gaps: list[Mapping[str, Any]]) -> Table | None:
    rows = [(*(measured(str(one[key])) for key in ("text", "hidden", "answer")),) for one in gaps]
    title = f"Characters that the {name} restores, each gap written □"
    return table(title, ("text", "hidden", "answer"), rows, folded=True)
