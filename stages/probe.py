"""Stage: why they are hard to train, measured in the trained networks."""

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.config import Params, Probes
from recurrent.data.sales.dataset import Table
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.studies import clipping, spectra
from recurrent.studies import embeddings as entities
from recurrent.studies.gradient_flow import reach
from recurrent.tasks.base import load
from recurrent.tracking.history import read_table
from recurrent.training.determinism import prepare
from recurrent.training.seeding import generator, seed_torch

WAYS = {"global": clipping.together, "each": clipping.each, "last": clipping.last}
CPU = torch.device("cpu")  # cuDNN gives no gradients of a network that does not train
Lines = list[dict[str, Any]]


def main() -> None:
    """Measure every experiment that params.yaml names under `probes`."""
    settings = params.load()
    prepare(settings.runtime)
    probes = settings.probes
    through, singular, summary = [], [], []
    shutil.rmtree(paths.PROBES, ignore_errors=True)
    paths.PROBES.mkdir(parents=True)
    progress = cli.Progress("probe", total=len(probes.experiments))
    for name in probes.experiments:
        for when, model in before_and_after(name):
            about = {"experiment": name, "when": when}
            steps = through_time(name, model, settings)
            through += [{**about, **line} for line in steps]
            values = spectra.singular_values(model)
            singular += [{**about, **line} for line in by_rank(values)]
            summary.append(
                {
                    **about,
                    "decay": decay(steps),
                    "largest_singular_value": max(v[0] for v in values.values()),
                    "spectral_radius": spectra.radius(model),
                }
            )
        progress.step(name)
    progress.close()
    write("through_time", pd.DataFrame(through))
    write("spectra", pd.DataFrame(singular))
    write("summary", pd.DataFrame(summary))
    for table, lines in entity_maps(settings).items():
        write(table, lines)
    write(
        "clipping", pd.concat([pd.DataFrame(), *(clipped(name, probes) for name in probes.clipped)])
    )


def before_and_after(name: str) -> Iterator[tuple[str, contract.Model]]:
    """An experiment's first seed, with its first weights and with its last."""
    spec = contract.read_spec(paths.model(name))
    seed = spec["seeds"][0]
    seed_torch(name, seed, "weights")  # as train does
    yield "before", contract.build(spec)
    yield "after", contract.restore(spec, contract.seed_file(paths.model(name), seed))


def through_time(name: str, model: contract.Model, settings: Params) -> Lines:
    """The gradient's reach, as median and quartiles over the records."""
    experiment, probes = settings.experiments[name], settings.probes
    corpus = settings.dataset(experiment.dataset).corpus
    task = load(experiment.task)(paths.encoded(experiment.dataset), CPU)
    rng = generator(name, probes.seed, "probe")
    found = reach(model, *task.questions(probes.steps, probes.records, rng), probes.bounded)
    if not len(found.whole):  # names of one character
        return []
    # Of each record the bound is at least its gradient, and so are the medians of these ratios 1.
    slack = (found.bound / found.whole[:, : probes.bounded]).nanquantile(0.5, dim=1)
    lines = []
    for state, norms in found.by_part.items():
        for back, of_step in enumerate(norms.numpy(), 1):
            low, median, high = np.quantile(of_step, [0.25, 0.5, 0.75])
            bound = median * slack[back - 1].item() if state == "h" else None
            line = {"state": state, "back": back, "gradient": median, "low": low, "high": high}
            lines.append({"corpus": corpus, **line, "bound": bound})
    return lines


def decay(steps: Lines) -> float:
    """By what the gradient of h is multiplied from step to step backwards, on average."""
    sizes = np.array([line["gradient"] for line in steps if line["state"] == "h"])
    back = np.flatnonzero(sizes > 0)
    if len(back) < 2:
        return float("nan")  # nothing to compare: one step, or no gradient at all
    first, last = back[0], back[-1]
    return float((sizes[last] / sizes[first]) ** (1 / (last - first)))


def by_rank(values: dict[str, Any]) -> Lines:
    """A sample of the singular values of each matrix."""
    return [
        {"matrix": name, "rank": rank, "singular_value": found[rank - 1]}
        for name, found in values.items()
        for rank in spectra.ranks(len(found))
    ]


def clipped(name: str, probes: Probes) -> pd.DataFrame:
    """What each way of clipping would have made of an experiment's recorded gradients."""
    path = paths.gradients(name)
    rows = read_table(path) if path.exists() else []
    if not rows:
        raise PipelineError(
            f"the training of {name!r} recorded no gradients.",
            where="params.yaml: probes.clipped",
            remedy="Name one that learns by descent and has `gradient_norms`.",
        )
    parameters = [key for key in rows[0][1] if key not in ("epoch", "step", "total")]
    norms = np.array([[row[key] for key in parameters] for _, row in rows])
    tables = []
    for threshold in probes.thresholds:
        columns = {
            "experiment": name,
            "threshold": threshold,
            "seed": [seed for seed, _ in rows],
            "step": [int(row["step"]) for _, row in rows],
            "norm": np.linalg.norm(norms, axis=1),
        }
        for way, clip in WAYS.items():
            found = clip(norms, threshold)
            columns |= {f"norm_{way}": found.norm, f"cosine_{way}": found.cosine}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables)


def entity_maps(settings: Params) -> dict[str, pd.DataFrame]:
    """Maps and distances of each network's first seed, and how far each seed's agree with truth."""
    maps, apart, ranks = [pd.DataFrame()], [pd.DataFrame()], []
    for name in settings.probes.entities:
        folder, experiment = paths.model(name), settings.experiments[name]
        data, spec = Table.load(paths.encoded(experiment.dataset)), contract.read_spec(folder)
        for seed in spec["seeds"]:
            network = contract.restore(spec, contract.seed_file(folder, seed))
            for of in entities.vectors(network, data):
                about: dict[str, Any] = {"experiment": name, "seed": seed}
                if seed == spec["seeds"][0]:
                    maps.append(entities.drawn(of).assign(**about))
                if of.column in data.places:
                    pairs = entities.distances(of, data.places[of.column]).assign(**about)
                    rank = entities.agreement(pairs)
                    ranks.append({**about, "column": of.column, "spearman": rank})
                    if seed == spec["seeds"][0]:
                        apart.append(pairs)
    return {
        "entities": pd.concat(maps),
        "entity_distances": pd.concat(apart),
        "entity_ranks": pd.DataFrame(ranks),
    }


def write(name: str, table: pd.DataFrame) -> None:
    """A table under metrics/probes/, in four digits; none where nothing is asked for."""
    if table.empty:
        return
    text = table.to_csv(index=False, lineterminator="\n", float_format="%.4g")
    files.write_text(paths.PROBES / f"{name}.csv", text)


if __name__ == "__main__":
    cli.run(main)
