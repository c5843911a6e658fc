"""The results of `make bench-protocol`, as protocol.csv and protocol.md."""

from functools import cache

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
AVERAGES = ("median", "mean")
PAGE = """\
# How the lyrics lecture may have trained nn.GRU and nn.LSTM

The lecture's settings clip the global norm of the gradients to 0.01. The code that it probably ran
clips nothing: its clipping function receives a generator, which computing the norm exhausts. Public
copies of that code either reset the recurrent state at each epoch, or carry it over from the end of
the epoch before. Here a plain loop trains both networks in all four ways on the lecture's lyrics. A
seed gives a network the same initial weights in all four.

{verdict}
nn.GRU's published number at epoch 160 is a spike, and it weighs heavily in the mean.

| gradients, state at each epoch | seeds | median distance (nats) | mean distance (nats) |
|---|--:|--:|--:|
{distances}

*Distance*: the absolute difference between the logarithms of our perplexity and the published one,
over the eight numbers of both networks, in nats per character; the average over seeds and, in
parentheses, the range. *Perplexity*, below: that of the training text, from an epoch's mean loss
(lower is better); the range over seeds. Written by `make bench-protocol`; {machine}.
{sections}"""
SECTION = """
## {network}: perplexity

| gradients, state at each epoch | seeds | epoch 40 | epoch 80 | epoch 120 | epoch 160 |
|---|--:|--:|--:|--:|--:|
| *published* | | {published} |
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
    """Return the page: which protocol fits best, and the perplexities of each network."""
    ways = zip(table["clipped"], table["state"], strict=True)
    table = table.assign(protocol=[f"{CLIPPED[one]}, {STATES[state]}" for one, state in ways])
    found = distances(table)
    return PAGE.format(
        verdict="\n".join(verdict(found, average) for average in AVERAGES),
        distances="\n".join(
            row(protocol, len(of_seeds), *(spread(of_seeds[average]) for average in AVERAGES))
            for protocol, of_seeds in found.groupby("protocol")
        ),
        machine=machine.describe(),
        sections="".join(section(network, table) for network in NETWORKS),
    )


def section(network: str, table: pd.DataFrame) -> str:
    """Return the perplexities of a network: published, and ours as ranges over seeds."""
    of_protocols = table[table["network"] == network].groupby("protocol")[PERPLEXITIES]
    return SECTION.format(
        network=network,
        published=" | ".join(f"{number:.4f}" for number in published(network)),
        rows="\n".join(
            row(
                protocol,
                len(runs),
                *(span(runs[one]) for one in PERPLEXITIES),
            )
            for protocol, runs in of_protocols
        ),
    )


def row(*cells: object) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def distances(table: pd.DataFrame) -> pd.DataFrame:
    """Return each protocol's and seed's average distances from the published numbers, in nats.

    Seeds that only one of the networks has finished are left out.
    """
    lecture = np.log([published(network) for network in table["network"]])
    off = np.abs(np.log(table[PERPLEXITIES].to_numpy(float)) - lecture)
    of_runs = table[["protocol", "seed"]].join(pd.DataFrame(off, index=table.index))
    of_numbers = of_runs.melt(["protocol", "seed"]).groupby(["protocol", "seed"])["value"]
    found = of_numbers.agg([*AVERAGES, "size"])
    return found[found["size"] == len(NETWORKS) * len(EPOCHS)]


@cache
def published(network: str) -> tuple[float, ...]:
    """Return the perplexities that the lecture publishes for a network, by epoch."""
    found = {
        number.epoch: float(number.published)
        for lecture in lectures.load(ROOT / paths.LECTURES).values()
        for number in lecture.numbers
        if number.name == NETWORKS[network]
    }
    return tuple(found[epoch] for epoch in EPOCHS)


def verdict(found: pd.DataFrame, average: str) -> str:
    """Say which protocol is nearest by this average, and which others the seeds cannot rule out."""
    of_protocols = {str(name): off for name, off in found.groupby("protocol")[average]}
    if len(of_protocols) < len(CLIPPED) * len(STATES):
        return f"The {average} distance: some ways to train lack a seed; run this again."
    best, *others = sorted(of_protocols, key=lambda name: of_protocols[name].mean())
    near = [f"*{one}*" for one in others if of_protocols[one].min() <= of_protocols[best].max()]
    sentence = f"By the {average} distance, *{best}* is nearest to the published numbers"
    if min(map(len, of_protocols.values())) < 2:
        return f"{sentence}, but one seed decides little."
    if near:
        return f"{sentence}, but its range over seeds overlaps with {' and '.join(near)}."
    return f"{sentence}, and no other range over seeds overlaps with its own."


def spread(off: pd.Series) -> str:
    """Return the mean over seeds and, in parentheses, the range."""
    return f"{off.mean():.4f}" if len(off) == 1 else f"{off.mean():.4f} ({span(off)})"


def span(values: pd.Series) -> str:
    """Return the range over seeds, or the value of a single seed."""
    ends = [f"{end:.4f}" for end in (values.min(), values.max())]
    return " to ".join(ends if len(values) > 1 else ends[:1])
