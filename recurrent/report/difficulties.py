"""Why recurrent networks are hard to train: a section for each study whose files are there."""

from collections.abc import Sequence
from pathlib import Path

from recurrent.evaluation.line import Line
from recurrent.report import (
    clipping,
    demonstrations,
    entities,
    probing,
    spectra,
    surface,
    trainings,
)
from recurrent.report.lines import read_table
from recurrent.report.views import Section

DESCENT = Section(
    "descent", "随机梯度下降 — gradient descent (lesson six)", rows=("A8", "A9", "A10")
)
HARD = Section(
    "difficulties",
    "RNN训练难题 — why recurrent networks are hard to train",
    text=(
        "Demonstrations that need no corpus, and what this run's own networks were examined for.",
    ),
    rows=("B4", "D1", "D2", "D3", "D4", "D5"),
)


def sections(metrics: Path, trained: Sequence[str], lines: Sequence[Line]) -> list[Section]:
    """Every study whose files are there; `trained` are experiments in the order of the table."""
    shown, probes, health = metrics / "demonstrations", metrics / "probes", metrics / "health"
    gradients = metrics / "gradients"
    watched = [name for name in trained if read_table(gradients / f"{name}.csv")]
    found = (
        demonstrations.line(shown / "line", lines),
        surface.section(shown / "error_surface"),
        clipping.clipping(probes, trained),
        trainings.norms(gradients, watched, trainings.ill(health, watched)),
        trainings.health(health, watched),
        probing.through_time(probes, trained),
        demonstrations.powers(shown / "powers"),
        spectra.section(probes, trained),
        entities.section(probes, trained),
    )
    return [section for section in found if section is not None]
