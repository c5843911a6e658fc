"""Bring MLflow up to date with the files; not a stage: nothing depends on MLflow."""

from typing import Annotated

import typer

from recurrent import config as params
from recurrent import console as cli
from recurrent.errors import PipelineError
from recurrent.tracking import publish


def main(
    after_repro: Annotated[
        bool,
        typer.Option(help="As `make repro` does it: not if switched off, a fault is a warning."),
    ] = False,
) -> None:
    """Log to MLflow what it lacks of every trained and evaluated experiment."""
    settings = params.load()
    if after_repro:
        if settings.runtime.tracking:
            publish.publish_or_warn(settings)
        return
    try:
        changed = publish.publish(settings)
    except Exception as fault:
        raise PipelineError(
            f"could not be brought up to date ({type(fault).__name__}: {fault})."[:400],
            where="MLflow",
            remedy="The pipeline's files are complete; run `make publish` again later.",
        ) from fault
    cli.note(f"MLflow: {changed} runs brought up to date" if changed else "MLflow is up to date")


if __name__ == "__main__":
    cli.run(main)
