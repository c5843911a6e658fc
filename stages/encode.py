"""Stage: turn clean records into the arrays of data/encoded/<dataset>/, and report their sizes."""

import shutil

from recurrent.common import config, console, files, paths
from recurrent.data import base


def main(dataset: str) -> None:
    """Encode one dataset of params.yaml."""
    chosen = config.choose(config.load().datasets, dataset, "dataset")
    encoder = base.encoder(chosen.kind)
    where = f"{paths.PARAMS}: datasets.{dataset}.settings"
    settings = config.checked(encoder.Settings, chosen.settings, where)
    encoded, report = encoder.encode(paths.clean(chosen.corpus), settings)
    out = paths.encoded(dataset)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    encoded.save(out)
    files.write_json(out / "report.json", report)
    console.note(f"{dataset}: {console.brief(report)}")


if __name__ == "__main__":
    console.run(main)
