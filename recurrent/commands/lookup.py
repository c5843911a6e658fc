"""Find a variant by the name that the user typed, in the lectures' pipeline or beyond it."""

from collections.abc import Iterator

from recurrent import config, paths
from recurrent.config import Config, Variant


def pipelines() -> Iterator[Config]:
    """The settings of the lectures' pipeline, and of the one beyond if it is here."""
    yield config.load("lectures")
    if paths.BEYOND_PARAMS.exists():
        yield config.load("beyond")


def find(name: str) -> tuple[Config, Variant]:
    """A variant and its pipeline: `experiment/variant`, or an experiment's first variant."""
    known: dict[str, Config] = {}
    for settings in pipelines():
        known |= dict.fromkeys(settings.experiments, settings)
    found = config.choose(known, name.partition("/")[0], "experiment")
    return found, found.find(name)
