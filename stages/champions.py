"""Stage: copy the best network of each lecture, chosen by validation loss, to one place."""

import shutil
from pathlib import Path

from recurrent.common import config, console, files, paths
from recurrent.evaluation.headline import champion, validation_losses


def main() -> None:
    """Write data/champions: a folder for each champion that is trained."""
    settings = config.load()
    losses = validation_losses(settings)
    shutil.rmtree(paths.CHAMPIONS, ignore_errors=True)
    paths.CHAMPIONS.mkdir(parents=True)
    for name, wanted in settings.champions.items():
        best = champion(settings, wanted, losses)
        if best is None:
            console.note(f"{name}: no network is trained on {', '.join(wanted.datasets)}")
            continue
        copy(settings.results.model(best.experiment, best.variant), paths.champion(name))
        about = {
            "experiment": best.experiment,
            "variant": best.variant,
            "valid_loss": round(losses[best.name], 6),
        }
        files.write_json(paths.champion(name) / paths.CHAMPION, about)
        console.note(f"{name}: {best.name}, validation loss {losses[best.name]:.4f}")


def copy(source: Path, target: Path) -> None:
    """Copy a folder's files; DVC may have made them read-only."""
    target.mkdir()
    for file in sorted(source.iterdir()):
        shutil.copyfile(file, target / file.name)


if __name__ == "__main__":
    console.run(main)
