"""Stage: a computation that needs no corpus, into metrics/demonstrations/<key>/."""

import shutil

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.studies import base as contract
from recurrent.validation import checked


def main(demonstration: str) -> None:
    """Run one demonstration of params.yaml."""
    chosen = params.choose(params.load().demonstrations, demonstration, "demonstration")
    module = contract.load(chosen.module)
    where = f"params.yaml: demonstrations.{demonstration}.settings"
    settings = checked(module.Settings, chosen.settings, where)
    folder = paths.demonstration(demonstration)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = module.demonstrate(settings, folder)
    files.write_json(folder / contract.REPORT, report)
    cli.note(f"{demonstration}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    cli.run(main)
