"""Stage: examine trained networks: how far back gradients reach, spectra, clipping, embeddings."""

import shutil
from collections import defaultdict
from collections.abc import Iterator

import pandas as pd
import torch

from recurrent.common import config as params
from recurrent.common import console, files, paths
from recurrent.common.config import Config, Variant
from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import Table
from recurrent.models import base as models
from recurrent.models.base import Model
from recurrent.studies import clipping, embeddings, gradient_flow, spectra
from recurrent.tasks.base import load
from recurrent.tracking.history import read_gradients
from recurrent.training.determinism import prepare
from recurrent.training.seeding import generator, seed_torch

CPU = torch.device("cpu")  # cuDNN cannot backpropagate in evaluation mode
Found = Iterator[tuple[str, pd.DataFrame]]  # names of tables, with rows for them


def main() -> None:
    """Write every table that params.yaml asks for under `examined`."""
    config = params.load()
    prepare(config.runtime)
    examined = config.examined
    wanted = {
        through_time: examined.gradient_flow,
        embedding_maps: examined.embeddings,
        clipped: examined.clipping,
    }
    tables: dict[str, list[pd.DataFrame]] = defaultdict(list)
    with console.Progress("examine", sum(map(len, wanted.values()))) as progress:
        for examine, names in wanted.items():
            for name in names:
                variant = config.find(name)
                for table, rows in examine(variant, config):
                    rows.insert(0, "experiment", variant.experiment)
                    rows.insert(1, "variant", variant.variant)
                    tables[table].append(rows)
                progress.step(name)
    folder = config.results.examined
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for table, found in tables.items():
        rows = pd.concat(found)
        if len(rows):
            text = rows.to_csv(index=False, lineterminator="\n", float_format="%.4g")
            files.write_text(folder / f"{table}.csv", text)


def through_time(variant: Variant, config: Config) -> Found:
    """Yield gradient flow and spectra of the first seed, before and after training."""
    examined = config.examined
    corpus = config.encoding(variant.dataset).corpus
    task = load(variant.task)(paths.encoded(variant.dataset), CPU)
    for when, model in before_and_after(variant, config):
        rng = generator(variant.name, examined.seed, "examine")
        batch = task.probe_batch(examined.steps, examined.records, rng)
        flow = gradient_flow.table(gradient_flow.gradient_flow(model, *batch, examined.bounded))
        values = spectra.singular_values(model)
        summary = {
            "decay": gradient_flow.decay(flow),
            "largest_singular_value": max(found[0] for found in values.values()),
            "spectral_radius": spectra.spectral_radius(model),
        }
        yield "gradient_flow", flow.assign(when=when, corpus=corpus)
        yield "spectra", spectra.table(values).assign(when=when)
        yield "summary", pd.DataFrame([summary]).assign(when=when)


def before_and_after(variant: Variant, config: Config) -> Iterator[tuple[str, Model]]:
    """Yield the first seed's model with its initial weights, then with its trained ones."""
    folder = config.results.model(variant.experiment, variant.variant)
    spec = models.read_spec(folder)
    seed = spec["seeds"][0]
    seed_torch(variant.experiment, seed, "weights")  # as training does
    yield "before", models.build(spec)
    yield "after", models.restore(spec, models.seed_file(folder, seed))


def embedding_maps(variant: Variant, config: Config) -> Found:
    """Yield maps and distances of the first seed's vectors, and each seed's rank correlations."""
    folder = config.results.model(variant.experiment, variant.variant)
    data, spec = Table.load(paths.encoded(variant.dataset)), models.read_spec(folder)
    for seed in spec["seeds"]:
        network, first = models.restore(spec, models.seed_file(folder, seed)), spec["seeds"][0]
        for one in embeddings.learned(network, data):
            if seed == first:
                yield "embeddings", embeddings.principal_components(one).assign(seed=seed)
            if one.column in data.places:
                pairs = embeddings.distances(one, data.places[one.column])
                rank = embeddings.rank_correlation(pairs)
                row = {"seed": seed, "column": one.column, "spearman": rank}
                yield "embedding_ranks", pd.DataFrame([row])
                if seed == first:
                    yield "embedding_distances", pairs.assign(seed=seed)


def clipped(variant: Variant, config: Config) -> Found:
    """Yield the gradients that training recorded, clipped in each way."""
    path = config.results.gradients(variant.experiment, variant.variant)
    recorded = read_gradients(path) if path.is_file() else pd.DataFrame()
    if recorded.empty:
        raise PipelineError(
            f"{variant.name} recorded no gradients.",
            where=f"{paths.PARAMS}: examined.clipping",
            remedy="Name a variant with `method: descent` and `gradient_norms`.",
        )
    yield "clipping", clipping.table(recorded, config.examined.thresholds)


if __name__ == "__main__":
    console.run(main)
