"""The results of `make bench-protocol`, as protocol.csv and protocol.md."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks import machine
from recurrent.common import console, files, paths
from recurrent.evaluation import lectures
from tests.project import ROOT

OUT = ROOT / "metrics/bench"
NETWORKS = {"nn.GRU": "lyrics_gru/lecture", "nn.LSTM": "lyrics_lstm/lecture"}
EPOCHS = (40, 80, 120, 160)
PERPLEXITIES = [f"perplexity_{epoch}" for epoch in EPOCHS]
KEY = ["network", "clipped", "state", "seed"]
CLIPPED = {False: "not clipped", True: "clipped"}
STATES = {"reset": "state reset", "carried": "state carried over"}
PAGE = """\
# How the lyrics lecture may have trained nn.GRU and nn.LSTM

The lecture's settings clip the global norm of the gradients to 0.01. The code that it probably ran
clips nothing: its clipping function receives a generator, which computing the norm exhausts. Public
copies of that code either reset the recurrent state at each epoch, or carry it over from the end of
the epoch before. Here a plain loop trains both networks in all four ways on the lecture's lyrics. A
seed gives a network the same initial weights in all four.

{verdict}

*Perplexity* is that of the training text, from an epoch's mean loss (lower is better): the range
over seeds. *off* is the distance from the published numbers in nats per character: the absolute
difference of the logarithms, as the mean over epochs, then over seeds (in parentheses: the range
over seeds). Written by `make bench-protocol`; {machine}.
{sections}"""
SECTION = """
## {network}

| gradients, state at each epoch | seeds | epoch 40 | epoch 80 | epoch 120 | epoch 160 | off |
|---|--:|--:|--:|--:|--:|--:|
| *published* | | {published} | |
{rows}
"""


def read() -> pd.DataFrame:
    """Return the runs that earlier calls finished."""
    file = OUT / "protocol.csv"
    return pd.read_csv(file) if file.exists() else pd.DataFrame(columns=[*KEY, *PERPLEXITIES])


def write_runs(table: pd.DataFrame) -> None:
    """Write the finished runs as csv."""
    table = table.sort_values(KEY)
    files.write_text(OUT / "protocol.csv", table.to_csv(index=False, float_format="%.6f"))


def write_page(table: pd.DataFrame) -> None:
    """Write all runs as a page."""
    files.write_text(OUT / "protocol.md", page(table))
    console.note(f"written: {OUT / 'protocol.md'}")


def page(table: pd.DataFrame) -> str:
    """Return which protocol fits best over both networks, and a table for each network."""
    numbers = {network: published(name) for network, name in NETWORKS.items()}
    lecture = np.log([numbers[network] for network in table["network"]])
    off = np.abs(np.log(table[PERPLEXITIES].to_numpy(float)) - lecture)
    ways = zip(table["clipped"], table["state"], strict=True)
    table = table.assign(
        off=off.mean(axis=1), protocol=[title(clipped, state) for clipped, state in ways]
    )
    sections = [
        SECTION.format(
            network=network,
            published=" | ".join(f"{number:.4f}" for number in numbers[network]),
            rows="\n".join(rows(runs)),
        )
        for network, runs in table.groupby("network")
    ]
    return PAGE.format(
        verdict=verdict(table), machine=machine.described(), sections="".join(sections)
    )


def published(name: str) -> list[float]:
    """Return the perplexities that the lecture publishes for a variant, by epoch."""
    found = {
        number.epoch: float(number.published)
        for lecture in lectures.load(ROOT / paths.LECTURES).values()
        for number in lecture.numbers
        if number.name == name and number.last == 1
    }
    return [found[epoch] for epoch in EPOCHS]


def rows(runs: pd.DataFrame) -> Iterator[str]:
    """Yield a row of the page for each protocol of a network."""
    for protocol, of_seeds in runs.groupby("protocol", sort=False):
        ranges = [f"{of_seeds[one].min():.4f} to {of_seeds[one].max():.4f}" for one in PERPLEXITIES]
        cells = [f"{protocol}", f"{len(of_seeds)}", *ranges, spread(of_seeds["off"])]
        yield f"| {' | '.join(cells)} |"


def verdict(table: pd.DataFrame) -> str:
    """Say which protocol is nearest to the published numbers, and which others may be."""
    by_seed = table.groupby(["protocol", "seed"])["off"].mean()  # over networks
    of_protocols = {str(name): off for name, off in by_seed.groupby("protocol")}
    best, *others = sorted(of_protocols, key=lambda name: of_protocols[name].mean())
    near = [name for name in others if of_protocols[name].min() <= of_protocols[best].max()]
    rest = "; ".join(f"*{name}* {spread(of_protocols[name])}" for name in others)
    return (
        f"Over both networks, *{best}* is nearest to the published numbers, "
        f"{spread(of_protocols[best])} nats off; {rest}. "
        + (
            f"Its range over seeds overlaps with {' and '.join(f'*{name}*' for name in near)}, so "
            "these seeds cannot tell them apart."
            if near
            else "No other range over seeds overlaps with it."
        )
    )


def title(clipped: bool, state: str) -> str:
    """Return a protocol as people say it."""
    return f"{CLIPPED[clipped]}, {STATES[state]}"


def spread(off: pd.Series) -> str:
    """Return the mean and, in parentheses, the range."""
    return f"{off.mean():.4f} ({off.min():.4f} to {off.max():.4f})"
