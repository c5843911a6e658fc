"""The settings of both pipelines, and what they say about a name that the user typed."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from recurrent.common import config, files, paths
from recurrent.common.config import Config, Variant
from recurrent.common.errors import PipelineError
from recurrent.evaluation import lectures
from recurrent.training.fingerprint import Run, plan


def pipelines(folder: Path = Path()) -> Iterator[Config]:
    """Yield the settings of the lectures' pipeline, and of `beyond` if this project has it."""
    yield config.load("lectures", folder)
    if (folder / paths.BEYOND_PARAMS).exists():
        yield config.load("beyond", folder)


def parameter_file(settings: Config) -> Path:
    """Return the parameter file of a pipeline."""
    return paths.BEYOND_PARAMS if settings.pipeline == "beyond" else paths.PARAMS


def find(name: str) -> tuple[Config, Variant]:
    """Return a variant and its pipeline; the name may be an experiment's: its first variant."""
    known: dict[str, Config] = {}
    champions: list[str] = []
    for settings in pipelines():
        known |= dict.fromkeys(settings.experiments, settings)
        champions += settings.champions
    experiment = name.partition("/")[0]
    near = get_close_matches(name[:99], [*known, *champions], 1)
    if experiment not in known and near and near[0] in champions:
        raise PipelineError(f"there is no experiment or champion {name!r}; did you mean {near[0]}?")
    found = config.choose(known, experiment, "experiment")
    return found, found.find(name)


class TrainedModel(NamedTuple):
    """A trained variant: its pipeline, and the folder of its spec and weights."""

    settings: Config
    variant: Variant
    folder: Path


def find_trained(name: str) -> TrainedModel:
    """Return a variant or a champion by name."""
    settings = config.load()
    if name not in settings.champions:
        settings, variant = find(name)
        return TrainedModel(
            settings, variant, settings.results.model(variant.experiment, variant.variant)
        )
    folder = paths.champion(name)
    if not (folder / paths.CHAMPION).exists():
        raise PipelineError(
            "this champion has not been trained or pulled.",
            where=name,
            remedy="Run `recurrent repro`, or `dvc pull champions` if the project has a remote.",
        )
    about = files.read_json(folder / paths.CHAMPION)
    variant = settings.find(f"{about['experiment']}/{about['variant']}")
    return TrainedModel(settings, variant, folder)


def plan_if_encoded(settings: Config, experiment: str) -> list[Run]:
    """Return the runs of an experiment, or an empty list if its data are not encoded here."""
    chosen = settings.experiments[experiment]
    data = map(paths.encoded, (chosen.dataset, chosen.also))
    return plan(settings, experiment) if all(folder.exists() for folder in data) else []


def refuse_unknown_lectures(settings: Iterable[Config]) -> None:
    """Refuse an experiment of a lecture that lectures.yaml lacks: the report would not show it."""
    known = lectures.load()
    for pipeline in settings:
        for key, experiment in pipeline.experiments.items():
            lecture = experiment.lecture
            if lecture not in known:
                raise PipelineError(
                    f"experiments.{key}.lecture: there is no lecture {lecture!r} in "
                    f"{paths.LECTURES}{config.hint(lecture, known)}.",
                    where=str(parameter_file(pipeline)),
                    remedy=f"Choose one of: {', '.join(known)}.",
                )


def refuse_wrong_model(variant: Variant) -> None:
    """Refuse settings that do not fit the model, before anything is trained."""
    from recurrent.models import base  # imports torch

    base.build({**variant.model.model_dump(), "inputs": 2, "outputs": 2})
