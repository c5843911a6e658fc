"""D5: singular values of recurrent matrices, before and after training, and the decay measured."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from recurrent.report import drawing
from recurrent.report.drawing import INK, SERIES
from recurrent.report.lines import amount, column, grouped, number, read_table
from recurrent.report.views import Cell, Chart, Key, Section, Table

WHENS = ("before", "after")
Records = Sequence[dict[str, str]]


def section(folder: Path, order: Sequence[str]) -> Section | None:
    """D5: the singular values of W_hh, and the decay that was measured."""
    by_name = grouped(read_table(folder / "spectra.csv"), "experiment", order)
    charts = tuple(_spectrum(name, records) for name, records in by_name.items())
    summary = _summary(read_table(folder / "summary.csv"))
    if not charts and summary is None:
        return None
    return Section(
        "spectra",
        "Singular values 奇异值 of W_hh, and the measured decay",
        text=(
            "In a network without gates a matrix whose largest singular value is below 1 can only "
            "shrink a gradient; one above 1 may still shrink it, along its other directions and by "
            "the slope of the activation. Of a network with gates the matrices are not the whole "
            "Jacobian.",
        ),
        charts=charts,
        tables=() if summary is None else (summary,),
        rows=("D5",),
    )


def _spectrum(name: str, records: Records) -> Chart:
    matrices = list(grouped(records, "matrix"))
    shown = matrices[: len(SERIES)]

    def paint(figure: Figure) -> None:
        axis = figure.add_subplot()
        axis.axhline(1, color=INK, linewidth=1)
        for place, matrix in enumerate(shown):
            for when in WHENS:
                own = [r for r in records if r["matrix"] == matrix and r["when"] == when]
                style = "-" if when == WHENS[-1] else (0, (2, 2))
                values = column(own, "singular_value")
                axis.plot(column(own, "rank"), values, color=SERIES[place], linestyle=style)
        axis.set_xlabel("rank")
        axis.set_ylabel("singular value")

    largest = {
        when: max(
            (
                v
                for r in records
                if r["when"] == when
                if (v := amount(r["singular_value"])) is not None
            ),
            default=None,
        )
        for when in WHENS
    }
    caption = "Largest: " + ", ".join(
        f"{number(value)} {when} training" for when, value in largest.items() if value is not None
    )
    legend = tuple(Key(matrix, f"--s{place}") for place, matrix in enumerate(shown, 1))
    legend += (Key("before training", "--ink", "2 2"), Key("after", "--ink"))
    label = f"Singular values of {name}"
    return Chart(name, f"{caption}.", drawing.draw(f"spectrum-{name}", label, paint), legend)


def _summary(records: Records) -> Table | None:
    if not records:
        return None
    figures = ("decay", "largest_singular_value", "spectral_radius")
    rows = tuple(
        (
            Cell(record["experiment"]),
            Cell(record["when"]),
            *(Cell(number(amount(record.get(key, ""))), "number") for key in figures),
        )
        for record in records
    )
    head = ("experiment", "training", "decay a step", "largest singular value", "spectral radius")
    return Table("Measured decay beside the spectrum", head, rows)
