"""Stage: measure every variant of one experiment, or collect its evaluations from the run store."""

from pathlib import Path
from typing import Annotated

import typer

from recurrent.common import config, console
from recurrent.common.locking import leave_if_abandoned, locked
from recurrent.evaluation.stored import collect, evaluate_into_store
from recurrent.evaluation.trained import Trained
from recurrent.training.store import RunStore


def main(
    experiment: str,
    pipeline: Annotated[str, typer.Option(help="lectures or beyond")] = "lectures",
) -> None:
    """Write data/evaluation and metrics/scores of the experiment."""
    settings, store = config.load(pipeline), RunStore()
    config.choose(settings.experiments, experiment, "experiment")
    with locked(f"evaluation of {experiment}", Path(".dvc/tmp") / f"evaluate-{experiment}.lock"):
        leave_if_abandoned()
        found = []
        for variant in settings.variants(experiment):
            trained = Trained.in_workspace(variant, settings.results)
            found.append((variant, evaluate_into_store(variant, settings, trained, store)))
        collect(found, settings.results, store)
        console.note(f"{experiment}: {len(found)} variants evaluated")


if __name__ == "__main__":
    console.run(main)
