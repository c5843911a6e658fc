"""Stage: replace the categories of a dataset with the vectors that a network learned."""

import shutil
from dataclasses import replace

import torch

from recurrent.common import config, console, files, paths
from recurrent.data.sales.dataset import Table
from recurrent.models import base


def main(embedded: str) -> None:
    """Make one of the datasets under `embedded` in params.yaml."""
    settings = config.load()
    chosen = config.choose(settings.embedded, embedded, "embedded dataset")
    variant = settings.find(f"{chosen.experiment}/{chosen.variant}")
    names = (chosen.experiment, chosen.variant)
    spec = base.read_spec(settings.results.model(*names))
    network = base.restore(spec, settings.results.weights(*names, variant.seeds[0]))
    data = Table.load(paths.encoded(chosen.dataset))
    with torch.inference_mode():
        vectors = network.embedded(torch.from_numpy(data.ids.astype("int64"))).numpy()
    out = paths.encoded(embedded)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    replace(data, vectors=vectors).save(out)
    report = {"origin": data.origin, "rows": len(vectors), "width": vectors.shape[1]}
    files.write_json(out / "report.json", report)
    console.note(f"{embedded}: {console.brief(report)}")


if __name__ == "__main__":
    console.run(main)
