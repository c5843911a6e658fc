"""Remove what params.yaml no longer names: what lies in data/models is evaluated by its presence.

Not a stage: `make repro` calls it first. DVC keeps a copy of every output in its cache.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ruamel.yaml import YAML

from recurrent import config as params
from recurrent import console as cli
from recurrent import paths
from recurrent.config import Params

LOCK = Path("dvc.lock")


def main() -> None:
    """Remove stale outputs and their entries in dvc.lock; say which."""
    settings = params.load()
    for path in stale(settings):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        cli.note(f"removed {path}: params.yaml no longer names it")
    prune_lock(settings)


def stale(settings: Params) -> Iterator[Path]:
    """Outputs of entries that params.yaml has no more."""
    places: list[tuple[Callable[[str], Path], Mapping[str, object]]] = [
        (paths.raw, settings.corpora),
        (paths.clean, settings.corpora),
        (paths.encoded, {**settings.datasets, **settings.embedded}),
        (paths.model, settings.experiments),
        (paths.clean_report, settings.corpora),
        (paths.encode_report, settings.datasets),
        (paths.history, settings.experiments),
        (paths.gradients, settings.experiments),
        (paths.health, settings.experiments),
        (paths.demonstration, settings.demonstrations),
    ]
    for place, entries in places:
        example = place("x")
        for path in sorted(example.parent.glob(f"*{example.suffix}")):
            if path.stem not in entries and path.name != ".gitignore":
                yield path


def prune_lock(settings: Params) -> None:
    """Drop the entries of stages that are no more, so that the lock is what a clean clone makes."""
    if not LOCK.exists():
        return
    yaml = YAML(pure=True)
    lock = yaml.load(LOCK.read_text(encoding="utf-8"))
    entries: dict[str, Mapping[str, object]] = {
        "download": settings.corpora,
        "clean": settings.corpora,
        "encode": settings.datasets,
        "train": settings.experiments,
        "embed": settings.embedded,
        "demonstrate": settings.demonstrations,
    }
    gone = [
        stage
        for stage in lock["stages"]
        for verb, at, key in [stage.partition("@")]
        if at and key not in entries[verb]
    ]
    for stage in gone:
        del lock["stages"][stage]
    if gone:
        with LOCK.open("w", encoding="utf-8") as file:
            yaml.dump(lock, file)
        cli.note(f"removed from {LOCK}: {', '.join(gone)}")


if __name__ == "__main__":
    cli.run(main)
