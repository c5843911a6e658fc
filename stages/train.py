"""Stage: train one experiment from each of its seeds into data/models/<experiment>/."""

import shutil
from functools import partial

import torch

from recurrent import config as params
from recurrent import console as cli
from recurrent import files, paths
from recurrent.config import Params
from recurrent.errors import PipelineError
from recurrent.experiments import ClosedForm, Descent, Experiment
from recurrent.locking import alone
from recurrent.models import base as contract
from recurrent.tasks.base import Task, load
from recurrent.tracking.history import HEALTHY, Row
from recurrent.tracking.live import Follower, LiveSink
from recurrent.tracking.recorder import Recorder, Run, Sink
from recurrent.training.callbacks import Watch
from recurrent.training.checkpoint import Checkpoint
from recurrent.training.determinism import described, prepare
from recurrent.training.fingerprint import fingerprint
from recurrent.training.loop import LEARN
from recurrent.training.seeding import seed_torch


def main(experiment: str) -> None:
    """Train one experiment of params.yaml."""
    settings = params.load()
    chosen = params.choose(settings.experiments, experiment, "experiment")
    # A killed `dvc repro` may have left a training behind that still writes these files.
    with alone(f"training {experiment}", paths.training_lock(experiment)):
        train(experiment, settings, chosen)


def train(experiment: str, settings: Params, chosen: Experiment) -> None:
    """From every seed, going on from what a killed training left."""
    runtime = settings.runtime
    device = prepare(runtime)
    task = load(chosen.task)(paths.encoded(chosen.dataset), device)
    training = chosen.training.on(task.about["origin"])
    refuse_choice_without_validation(task, training, experiment)
    refuse_words_by_the_character(chosen, experiment)
    blank = {**chosen.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
    model = contract.build(blank)  # first of all: a wrong setting stops here
    identity = fingerprint(experiment, chosen)
    run = Run.of(settings, experiment, identity, task.about["origin"], device.type)
    out = paths.model(experiment)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    # A checkpoint goes with the device, the library and the thread count as well.
    machine = f"{described(device, runtime)} torch-{torch.__version__}"
    sinks: list[Sink] = [Shown(experiment, len(run.seeds) * training.total)]
    if runtime.tracking:
        sinks.append(LiveSink(run, follow))
    written = {}
    with Recorder(run, sinks) as recorder:
        for seed in run.seeds:
            seed_torch(experiment, seed, "weights")
            model = contract.build(blank).to(device)
            progress = contract.seed_file(paths.checkpoint(experiment), seed)
            watch = Watch(
                name=experiment,
                seed=seed,
                checkpoint=Checkpoint(progress, f"{identity} {machine}"),
                tell=partial(recorder.epoch, seed),
                tell_gradients=partial(recorder.gradients, seed),
                tell_faults=partial(recorder.faults, seed),
                samples=chosen.samples,
            )
            written[seed] = LEARN[training.kind](model, task, training, watch, runtime)
            contract.save(model, contract.seed_file(out, seed))
    spec = {**model.spec(), "seeds": run.seeds, "fingerprint": identity, "about": task.about}
    files.write_json(out / "spec.json", spec)
    files.write_json(out / "samples.json", written)
    shutil.rmtree(paths.checkpoint(experiment), ignore_errors=True)


def refuse_choice_without_validation(
    task: Task, training: Descent | ClosedForm, experiment: str
) -> None:
    """`keep: best` chooses by the validation loss: there must be one."""
    if isinstance(training, Descent) and training.keep == "best" and not task.batches("valid", 1):
        raise PipelineError(
            "keep: best needs validation records, and its dataset has none.",
            where=f"params.yaml: experiments.{experiment}.training",
            remedy="Set `valid` in the dataset's settings, or `keep: last`.",
        )


def refuse_words_by_the_character(chosen: Experiment, experiment: str) -> None:
    """While it trains a model hears prefixes as they are written, and of words it knows symbols."""
    every = chosen.samples is not None and chosen.samples.every is not None
    if every and (paths.encoded(chosen.dataset) / "words.json").exists():
        raise PipelineError(
            "`every` is for models of characters, and its dataset has words.",
            where=f"params.yaml: experiments.{experiment}.samples",
            remedy="Leave `every` out: the model writes when it is trained.",
        )


class Shown:
    """The epochs on the screen."""

    def __init__(self, title: str, total: int) -> None:
        self.progress = cli.Progress(title, total)

    def epoch(self, seed: int, row: Row) -> None:
        values = ", ".join(f"{name} {value:.4g}" for name, value in row.items())
        self.progress.step(f"seed {seed}: {values}")

    def gradients(self, seed: int, rows: list[Row]) -> None:
        """They are for the files."""

    def close(self, *, finished: bool, health: str) -> None:
        self.progress.close()
        if health != HEALTHY:
            cli.note(f"warning: {self.progress.title}: {health}")


def follow(run: Run) -> Follower:
    """Connect to MLflow; imported late, by the thread that talks to it."""
    from recurrent.tracking.mlflow_sink import Following

    return Following(run)


if __name__ == "__main__":
    cli.run(main)
