"""Stage: run a study that needs no corpus, and write its folder data/studies/<key>/."""

import shutil

from recurrent.common import config as params
from recurrent.common import console, files, paths
from recurrent.studies import base


def main(study: str) -> None:
    """Run one study of params.yaml."""
    chosen = params.choose(params.load().studies, study, "study")
    module = base.load(chosen.module)
    where = f"{paths.PARAMS}: studies.{study}.settings"
    settings = params.checked(module.Settings, chosen.settings, where)
    folder = paths.study(study)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    report = module.run(settings, folder)
    files.write_json(folder / base.REPORT, report)
    console.note(f"{study}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


if __name__ == "__main__":
    console.run(main)
