"""Stage: a dataset in which a trained network's vectors stand for the symbols."""

import shutil
from dataclasses import replace

import torch

from recurrent import config as params
from recurrent import console as cli
from recurrent import paths
from recurrent.data.sales.dataset import Table
from recurrent.models import base as contract
from recurrent.training.determinism import prepare


def main(embedded: str) -> None:
    """Make one of the datasets under `embedded` in params.yaml."""
    settings = params.load()
    chosen = params.choose(settings.embedded, embedded, "embedded dataset")
    prepare(settings.runtime)
    folder = paths.model(chosen.network)
    spec = contract.read_spec(folder)
    network = contract.restore(spec, contract.seed_file(folder, spec["seeds"][0]))
    data = Table.load(paths.encoded(chosen.dataset))
    with torch.inference_mode():
        vectors = network.embedded(torch.from_numpy(data.ids.astype("int64"))).numpy()
    out = paths.encoded(embedded)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    replace(data, vectors=vectors).save(out)
    cli.note(f"{embedded}: {len(vectors):,} rows of {vectors.shape[1]} numbers")


if __name__ == "__main__":
    cli.run(main)
