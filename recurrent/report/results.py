"""Lists of results: claims, systems with published numbers, and the best held-out models."""

from collections.abc import Iterable, Sequence

from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Claim, Published
from recurrent.report import metrics
from recurrent.report.inputs import Inputs, Records, held_out
from recurrent.report.numbers import count, one_line, published, short
from recurrent.report.views import Group, Result

GOOD = ("reproduced", "within seed noise")
UNKNOWN = "not compared"
PURE = ("ratio", "perplexity", "correlation")
HELD_OUT = ", held-out text"  # ends the names of models where it would be said of each


def good(rows: Iterable[Published]) -> int:
    """Count the numbers that are reproduced or within seed noise."""
    return sum(row.verdict in GOOD for row in rows)


def compared(rows: Iterable[Published]) -> list[Published]:
    """Return the rows that have a verdict."""
    return [row for row in rows if row.verdict]


def systems(rows: Iterable[Published]) -> dict[str, list[Published]]:
    """Group published numbers by the row of the lecture: each is one system."""
    found: dict[str, list[Published]] = {}
    for row in rows:
        found.setdefault(row.row, []).append(row)
    return found


def verdict(known: Sequence[Published]) -> str:
    """Return a system's verdict: reproduced if all its numbers are, or are within seed noise."""
    return "reproduced" if good(known) == len(known) else "differs"


def of_claims(inputs: Inputs, key: str) -> Group | None:
    """Return a lecture's claims."""
    rows = tuple(_claim(inputs, row) for row in inputs.of(key, inputs.claims))
    return Group(title(inputs.lectures[key]), rows, key) if rows else None


def _claim(inputs: Inputs, row: Claim) -> Result:
    parts = [f"Measured: {row.measured}; the claim holds {row.relation} {short(row.bound)}."]
    if row.low is not None and row.high is not None:
        parts.append(f"95 % interval: {short(row.low)} to {short(row.high)}.")
    if row.seeds is not None:
        parts.append("One seed." if row.seeds == 1 else f"{count(row.seeds)} seeds.")
    if row.models:
        parts.append(f"Models: {'; '.join(map(inputs.called, row.models.split()))}.")
    if row.reason:
        parts.append(f"{row.reason[:1].upper()}{row.reason[1:].rstrip('.')}.")
    return Result(
        row.verdict or UNKNOWN, row.statement.rstrip("."), _with_unit(row), " ".join(parts)
    )


def _with_unit(row: Claim) -> str:
    """Return what was measured with its unit; the name of a pure number comes first."""
    if row.value is None:
        return ""
    words = (row.unit, short(row.value))
    return " ".join(words if row.unit.endswith(PURE) else reversed(words)).strip()


def of_systems(inputs: Inputs, key: str) -> Group | None:
    """Return a lecture's systems that could be compared."""
    lecture = inputs.lectures[key]
    found = systems(compared(inputs.of(key, inputs.published)))
    listed = tuple(_system(lecture, code, rows) for code, rows in found.items())
    return Group(title(lecture), listed, key) if listed else None


def not_compared(inputs: Inputs) -> Group | None:
    """Return the systems with published numbers none of which could be compared, and why."""
    found = [
        Result(UNKNOWN, called(lecture, code), rows[-1].reason or "")
        for key, lecture in inputs.lectures.items()
        for code, rows in systems(inputs.of(key, inputs.published)).items()
        if not compared(rows)
    ]
    return Group("Not compared", tuple(found), "about") if found else None


def called(lecture: Lecture, code: str) -> str:
    """Return the code of a row with its title."""
    return f"{code} · {lecture.rows[code]}" if code in lecture.rows else code


def _system(lecture: Lecture, code: str, known: Sequence[Published]) -> Result:
    last, name = known[-1], called(lecture, code)
    detail = f"{good(known)} of {len(known)} numbers reproduced or within seed noise."
    if isinstance(last.published, str):
        return Result(verdict(known), name, f"{good(known)} of {len(known)} texts", detail)
    ours = last.ours if isinstance(last.ours, float) else None
    unit = metrics.unit(last.metric) or metrics.called(last.metric)
    value = f"{published(float(f'{last.published:.4g}'))} → {short(ours, 4)} {unit}"
    if good(known) < len(known):
        value += f" ({good(known)} of {len(known)} numbers)"
    return Result(verdict(known), name, value, detail)


def of_held_out(inputs: Inputs, key: str) -> Group | None:
    """Return a sentence for each set of held-out records."""
    found = [
        result
        for records in held_out(inputs, key)
        if (result := _headline(inputs, records)) is not None
    ]
    return Group(title(inputs.lectures[key]), tuple(found), key) if found else None


def _headline(inputs: Inputs, records: Records) -> Result | None:
    """Return the network that validation chooses, and how it compares with counting."""
    chosen = min(records.networks, key=inputs.validation, default=None)
    if chosen is None:
        return None
    name = inputs.called(f"{chosen.experiment}/{chosen.variant}").removesuffix(HELD_OUT)
    sign = 1 if metrics.direction(chosen.metric).startswith("higher") else -1
    best = f" Best possible: {short(records.bayes)}." if records.bayes is not None else ""
    unit = metrics.unit(chosen.metric)
    value = f"{metrics.called(chosen.metric)} {short(chosen.ours)} {unit}".strip()
    on = f"On {one_line(inputs.records(chosen))}, the {name}{',' if ',' in name else ''}"
    if not records.baselines:
        return Result("", on.rstrip(","), value, f"Chosen by validation.{best}")
    other = records.baselines[0]
    gain = sign * (chosen.ours - other.ours)
    against = inputs.called(f"{other.experiment}/{other.variant}").removesuffix(HELD_OUT)
    does = f"{'beats' if gain > 0 else 'loses to'} {against} by {short(abs(gain), 2)}"
    return Result(
        "better" if gain > 0 else "worse",
        f"{on} {does}",
        value,
        f"Chosen by validation. The best model without a network: {against}, at "
        f"{short(other.ours)}.{best}",
    )


def title(lecture: Lecture) -> str:
    """Return the English part of a lecture's title, as a heading."""
    english = lecture.title.rpartition(" — ")[2]
    return english[:1].upper() + english[1:]
