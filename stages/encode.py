"""Stage: clean records into the integer arrays of data/encoded/<dataset>/, once and for all."""

import shutil

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.data import encoders as contract
from recurrent.validation import checked


def main(dataset: str) -> None:
    """Encode one dataset of params.yaml."""
    chosen = params.choose(params.load().datasets, dataset, "dataset")
    encoder = contract.load(chosen.encoder)
    where = f"{paths.PARAMS}: datasets.{dataset}.settings"
    settings = checked(encoder.Settings, chosen.settings, where)
    encoded, report = encoder.encode(paths.clean(chosen.corpus), settings)
    out = paths.encoded(dataset)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    encoded.save(out)
    files.write_json(paths.encode_report(dataset), report)
    cli.note(f"{dataset}: {cli.brief(report)}")


if __name__ == "__main__":
    cli.run(main)
