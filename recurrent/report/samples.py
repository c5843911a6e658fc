"""Texts and answers of models, for corpora that we may publish."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from recurrent.report.inputs import Inputs
from recurrent.report.numbers import count, one_line, percent
from recurrent.report.views import Cell, Section, Table, measured, section, table

WITHHELD = (
    "Samples of the lectures' own corpora are not shown: a network may have memorised its corpus, "
    "which we may not publish, and the names belong to real people."
)
MISTAKES_NOTE = (
    "The column “models” counts the models that have this name among their most confident mistakes."
)
Samples = Mapping[str, Mapping[str, Any]]  # by experiment/variant
WAYS = ("by_seed", "drawn")  # greedy, and at a temperature
STRIDE = 2  # show every second answer; answers are sorted by confidence


def samples(inputs: Inputs, lecture: str) -> Section | None:
    """Return tables of texts after each prefix, classified names, and restored characters."""
    found = {one.name: (one, inputs.samples(one)) for one in inputs.variants(lecture)}
    shown = {name: sample for name, (one, sample) in found.items() if inputs.public(one)}
    withheld = any(sample for name, (_, sample) in found.items() if name not in shown)
    tables = [
        *_written(inputs, shown),
        _while_training(inputs, shown),
        *_answered(inputs, shown),
        _restored(inputs, shown),
    ]
    title = "What the models write and answer"
    if withheld and not any(tables):
        return Section(f"{lecture}-samples", title, (WITHHELD,))
    return section(f"{lecture}-samples", title, [WITHHELD] if withheld else [], tables=tables)


def _written(inputs: Inputs, shown: Samples) -> list[Table | None]:
    """Return what each model's first seed writes after the most common prefix, and after others."""
    by_prefix: dict[str, list[tuple[Cell, ...]]] = {}
    for name, sample in shown.items():
        seeds = [[*sample.get(way, {}).values()] for way in WAYS]
        first: list[dict[str, str]] = [texts[0] if texts else {} for texts in seeds]
        for prefix in first[0]:
            texts = [measured(text.get(prefix, "")) for text in first]
            by_prefix.setdefault(prefix, []).append((inputs.model(name), *texts))
    if not by_prefix:
        return []
    main, *others = sorted(by_prefix, key=lambda prefix: -len(by_prefix[prefix]))
    rows = [(measured(prefix), *row) for prefix in others for row in by_prefix[prefix]]
    temperatures = {sample["temperature"] for sample in shown.values() if "temperature" in sample}
    of = " and ".join(f"{one:g}" for one in sorted(temperatures))
    ways = ("greedy (the most likely character)", f"drawn at temperature {of}")
    return [
        table(f"After “{one_line(main)}”, first seed", ("model", *ways), by_prefix[main]),
        table("After other prefixes", ("after", "model", *ways), rows, folded=True),
    ]


def _while_training(inputs: Inputs, shown: Samples) -> Table | None:
    rows = [
        (inputs.model(name), Cell(seed, "number"), Cell(epoch, "number"), measured(text))
        for name, sample in shown.items()
        for seed, epochs in sample.get("while_training", {}).items()
        for epoch, texts in epochs.items()
        for text in texts.values()
    ]
    return table("While the models train", ("model", "seed", "epoch", "text"), rows, folded=True)


def _answered(inputs: Inputs, shown: Samples) -> list[Table | None]:
    """Return some answers of the last network, and the mistakes of all models."""
    classified = [name for name, sample in shown.items() if sample.get("right")]
    networks = [name for name in classified if not inputs.fitted(name)]
    some = [
        row
        for name in networks[-1:]
        for kind in ("right", "wrong")
        for row in _answers(kind, shown[name][kind][::STRIDE])
    ]
    title = f"Some answers of the {inputs.called(networks[-1])}" if networks else ""
    return [
        table(title, ("verdict", "name", "label", "answer", "probability"), some),
        _mistakes([shown[name]["wrong"] for name in classified]),
    ]


def _mistakes(of_models: Sequence[Sequence[Mapping[str, Any]]]) -> Table | None:
    """Return the names that models classify wrongly, those of the most models first."""
    by_name: dict[tuple[str, str, str], list[float]] = {}
    for one in chain.from_iterable(of_models):
        key = str(one["name"]), str(one["label"]), str(one["answer"])
        by_name.setdefault(key, []).append(float(one["probability"]))
    rows = [
        (*map(Cell, key), Cell(count(len(found)), "number"), Cell(percent(max(found), 1), "number"))
        for key, found in sorted(by_name.items(), key=lambda item: (-len(item[1]), -max(item[1])))
    ]
    models = len(of_models)
    head = ("name", "label", "answer", f"models, of {models}", "highest probability")
    title = f"The most confident mistakes of {models} model{'s' * (models != 1)}"
    return table(title, head, rows, MISTAKES_NOTE, folded=True)


def _answers(kind: str, answers: Sequence[Mapping[str, Any]]) -> list[tuple[Cell, ...]]:
    return [
        (
            Cell(kind, "verdict"),
            Cell(str(one["name"])),
            Cell(str(one["label"])),
            Cell(str(one["answer"])),
            Cell(percent(float(one["probability"]), 1), "number"),
        )
        for one in answers
    ]


def _restored(inputs: Inputs, shown: Samples) -> Table | None:
    rows = [
        (inputs.model(name), *(measured(str(one[key])) for key in ("text", "hidden", "answer")))
        for name, sample in shown.items()
        for one in sample.get("restored", [])
    ]
    title = "Restored characters; □ marks each gap"
    return table(title, ("model", "text", "hidden", "answer"), rows)
