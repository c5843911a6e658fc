"""Lists of results: claims, systems with published numbers, and the best held-out models."""

from collections.abc import Iterable, Sequence
from math import isclose

from recurrent.evaluation.headline import share_of_the_way
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.rows import Claim, Published
from recurrent.evaluation.verdicts import DIFFERS, GOOD, REPRODUCED, SEED_NOISE, by_system, compared
from recurrent.report import metrics
from recurrent.report.inputs import Inputs, Records, held_out
from recurrent.report.numbers import beside, count, one_line, percent, published, short
from recurrent.report.views import Group, Result

UNKNOWN = "not compared"
LEVEL = "level"
PURE = ("ratio", "perplexity", "correlation", "accuracy")  # units that stand before the number
HELD_OUT = ", held-out text"  # left out of names where all models are measured on it


def good(rows: Iterable[Published]) -> int:
    """Count the numbers that are reproduced or within seed noise."""
    return sum(row.verdict in GOOD for row in rows)


def of_claims(inputs: Inputs, key: str) -> Group | None:
    """Return a lecture's claims."""
    rows = tuple(_claim(inputs, row) for row in inputs.of(key, inputs.claims))
    return Group(title(inputs.lectures[key]), rows, key) if rows else None


def _claim(inputs: Inputs, row: Claim) -> Result:
    parts = [f"Measured: {row.measured}. Claimed: {row.relation} {short(row.bound)}."]
    if row.low is not None and row.high is not None:
        ends = f"{short(row.low)} to {short(row.high)}"
        if row.seeds is None or row.seeds == 1:
            one = "One seed, so" if row.seeds else "No seeds, so"
            parts.append(f"{one} the margin alone decides: {ends}.")
        else:
            interval = f"95 % interval over {count(row.seeds)} seeds"
            claim = inputs.lectures[row.lecture].claims.get(row.id)
            if claim and isclose(row.high - row.low, 2 * claim.margin, abs_tol=1e-5):
                parts.append(f"The margin decides: {ends}. The {interval} is narrower.")
            else:
                parts.append(f"{interval}: {ends}.")
    if row.models:
        parts.append(f"Models: {'; '.join(map(inputs.called, row.models.split()))}.")
    if row.reason:
        parts.append(f"{row.reason[:1].upper()}{row.reason[1:].rstrip('.')}.")
    return Result(
        row.verdict or UNKNOWN, row.statement.rstrip("."), _with_unit(row), " ".join(parts)
    )


def _with_unit(row: Claim) -> str:
    """Return the value with its unit; the name of a pure number comes first."""
    if row.value is None:
        return ""
    words = (row.unit, short(row.value))
    return " ".join(words if row.unit.endswith(PURE) else reversed(words)).strip()


def of_systems(inputs: Inputs, key: str) -> Group | None:
    """Return a lecture's systems that could be compared."""
    lecture = inputs.lectures[key]
    found = by_system(compared(inputs.of(key, inputs.published)))
    listed = tuple(_system(lecture, code, rows) for (_, code), rows in found.items())
    return Group(title(lecture), listed, key) if listed else None


def not_compared(inputs: Inputs) -> Group | None:
    """Return the systems of which no published number could be compared, and why."""
    found = [
        Result(UNKNOWN, called(lecture, code), rows[-1].reason or "")
        for key, lecture in inputs.lectures.items()
        for (_, code), rows in by_system(inputs.of(key, inputs.published)).items()
        if not compared(rows)
    ]
    return Group("Not compared", tuple(found), "about") if found else None


def called(lecture: Lecture, code: str) -> str:
    """Return the code of a row with its title."""
    return f"{code} · {lecture.rows[code]}" if code in lecture.rows else code


def mark(known: Sequence[Published]) -> str:
    """Return the least certain verdict of a system's numbers."""
    verdicts = {row.verdict for row in known}
    return next(one for one in (DIFFERS, SEED_NOISE, REPRODUCED) if one in verdicts)


def _system(lecture: Lecture, code: str, known: Sequence[Published]) -> Result:
    # The number that stands for a system is its last one, or the last one that differs.
    last = [row for row in known if row.verdict == DIFFERS or mark(known) != DIFFERS][-1]
    name = called(lecture, code)
    detail = f"{good(known)} of {len(known)} numbers reproduced or within seed noise."
    if isinstance(last.published, str):
        return Result(mark(known), name, f"{good(known)} of {len(known)} texts", detail)
    ours = last.ours if isinstance(last.ours, float) else None
    unit = metrics.unit(last.metric) or metrics.called(last.metric)
    value = f"{published(last.published)} → {beside(last.published, ours)} {unit}"
    if last.metric not in metrics.METRICS:  # of a study
        value = f"{last.metric}: {published(last.published)} → {beside(last.published, ours)}"
    if good(known) < len(known):
        value += f" ({good(known)} of {len(known)} numbers)"
    return Result(mark(known), name, value, detail)


def of_held_out(inputs: Inputs, key: str) -> Group | None:
    """Return a sentence for each set of held-out records."""
    found = [
        result
        for records in held_out(inputs, key)
        if (result := _headline(inputs, records)) is not None
    ]
    return Group(title(inputs.lectures[key]), tuple(found), key) if found else None


def _headline(inputs: Inputs, records: Records) -> Result | None:
    """Return how the network that validation chooses compares with the best other model."""
    validated = [one for one in records.networks if one.name in inputs.validation]
    chosen = min(validated, key=lambda one: inputs.validation[one.name], default=None)
    how = "Chosen by validation."
    if chosen is None:
        chosen = next(iter(records.networks), None)
        how = "The best network on these records; there is no validation set to choose by."
    if chosen is None:
        return None
    name = inputs.called(chosen.name).removesuffix(HELD_OUT)
    sign = 1 if metrics.direction(chosen.metric).startswith("higher") else -1
    best = f" Best possible: {short(records.bayes)}." if records.bayes is not None else ""
    unit = metrics.unit(chosen.metric)
    value = f"{metrics.called(chosen.metric)} {short(chosen.ours)} {unit}".strip()
    on = f"On {one_line(inputs.records(chosen))}, the {name}{',' if ',' in name else ''}"
    if not records.baselines:
        return Result("", on.rstrip(","), value, f"{how}{best}")
    other = records.baselines[0]
    gain = sign * (chosen.ours - other.ours)
    against = inputs.called(other.name).removesuffix(HELD_OUT)
    alike = (one for one in inputs.scores if one.records == records.name and one.split == "test")
    way = share_of_the_way(alike, chosen.name)
    share = ""
    if way is not None:
        share = f" In log loss, this is {percent(way)} of the way to the best possible."
    tested = inputs.comparison(chosen, other)
    verdict = (tested.verdict if tested else None) or UNKNOWN
    side, size = "better" if gain > 0 else "worse", short(abs(gain), 2)
    does = f"{'beats' if gain > 0 else 'loses to'} {against} by {size}"
    if verdict == LEVEL:
        does = f"is level with {against} ({size} {side}, not significant)"
    elif verdict == UNKNOWN:
        does = f"is {size} {side} than {against} (not tested)"
    return Result(
        verdict,
        f"{on} {does}",
        value,
        f"{how} The best model without a network: {against}, at {short(other.ours)}.{best}{share}",
    )


def title(lecture: Lecture) -> str:
    """Return the English part of a lecture's title, as a heading."""
    english = lecture.title.rpartition(" — ")[2]
    return english[:1].upper() + english[1:]
