"""Bring MLflow up to date with the files; not a stage: nothing depends on MLflow."""

from typing import Annotated

import typer

from stages import cli, params
from stages.errors import PipelineError
from stages.tracking import publish


def main(
    if_changed: Annotated[
        bool, typer.Option(help="Do not even ask MLflow if these files were published before.")
    ] = False,
) -> None:
    """Log to MLflow what it lacks of every trained and evaluated experiment."""
    settings = params.load()
    try:
        changed = publish.publish(settings, trust_stamp=if_changed)
    except ImportError:
        raise
    except Exception as fault:
        raise PipelineError(
            f"could not be brought up to date ({type(fault).__name__}: {fault})."[:400],
            where="MLflow",
            remedy="The pipeline's files are complete; run `make publish` again later.",
        ) from fault
    cli.note(f"MLflow: {changed} runs brought up to date" if changed else "MLflow is up to date")


if __name__ == "__main__":
    cli.run(main)
