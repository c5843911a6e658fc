"""`make bench-protocol`: which way to train nn.GRU and nn.LSTM fits the published perplexities?

The lecture's settings clip gradients, but its code may not have clipped them. Its code may have
reset the recurrent state at each epoch, or carried it over from the end of the epoch before.
"""

import tempfile
from collections.abc import Sequence
from contextlib import chdir
from itertools import product
from math import exp
from pathlib import Path
from statistics import mean
from typing import Annotated

import torch
import typer

from benchmarks import machine, protocol_page
from benchmarks.protocol_page import CLIPPED, EPOCHS, NETWORKS, STATES
from benchmarks.twin import Twin
from recurrent.common import config, console, paths
from recurrent.common.config import Descent, Runtime, Variant
from recurrent.models import base
from recurrent.tasks.base import load
from stages import clean, download, encode
from tests.project import ROOT, Project

CORPUS, DATASET = "lyrics", "lyrics_lecture"
CLIP_NORM = 0.01
ORDER = ["seed", "clipped", "network", "state"]  # of runs; the last one changes fastest


def main(
    seeds: Annotated[
        int, typer.Option(min=0, help="Runs of each network in each way; 0: only write the page.")
    ] = 3,
) -> None:
    """Train the runs that protocol.csv lacks, seed by seed; then write protocol.md."""
    settings = config.load(folder=ROOT)
    table = protocol_page.read()
    finished = {*table[ORDER].itertuples(index=False, name=None)}
    grid = product(range(seeds), CLIPPED, NETWORKS, STATES)
    missing = [one for one in grid if one not in finished]
    machine.prepare_fast(Runtime(threads=1, device="cpu"))
    with tempfile.TemporaryDirectory() as folder:
        data = lyrics(Path(folder)) if missing else Path()
        for seed, clipped, network, state in missing:
            variant = settings.find(NETWORKS[network])
            perplexities = train(variant, data, clipped, state == "carried", seed, EPOCHS)
            table.loc[len(table)] = [network, clipped, state, seed, *perplexities]
            protocol_page.write_runs(table)
            console.note(f"{network}, {CLIPPED[clipped]}, {STATES[state]}, seed {seed}")
    protocol_page.write_page(table)


def lyrics(folder: Path) -> Path:
    """Encode the lecture's own lyrics as the pipeline does; return the folder of the dataset."""
    with chdir(folder):
        Project.copied_to(folder).edit({"source": "upstream"})
        download.main(CORPUS)
        clean.main(CORPUS)
        encode.main(DATASET)
    return folder / paths.encoded(DATASET)


def train(
    variant: Variant, data: Path, clipped: bool, carried: bool, seed: int, epochs: Sequence[int]
) -> list[float]:
    """Train a network by a plain loop; return its perplexity on the training text by epoch.

    A perplexity is computed from an epoch's mean loss while the weights change, as in the lecture.
    """
    assert isinstance(variant.training, Descent)
    training = variant.training.model_copy(update={"clip_norm": CLIP_NORM if clipped else None})
    task = load(variant.task)(data, machine.CPU)
    torch.manual_seed(seed)
    network = base.build(
        {**variant.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
    )
    loop = Twin(network, task, training, over_epochs=carried)
    batches = [*task.batches("train", training.batch_size)]
    losses = [mean(loop.epoch(batches, epoch)) for epoch in range(1, max(epochs) + 1)]
    return [exp(losses[epoch - 1]) for epoch in epochs]


if __name__ == "__main__":
    console.run(main)
