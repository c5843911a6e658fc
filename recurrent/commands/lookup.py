"""Find a variant by the name that the user typed, in the lectures' pipeline or beyond it."""

from collections.abc import Iterator

from recurrent import config, paths
from recurrent.config import Config, Variant


def pipelines() -> Iterator[Config]:
    """Yield the settings of the lectures' pipeline, and of `beyond` if this project has it."""
    yield config.load("lectures")
    if paths.BEYOND_PARAMS.exists():
        yield config.load("beyond")


def find(name: str) -> tuple[Config, Variant]:
    """Return a variant and its pipeline; the name may be an experiment's: its first variant."""
    known: dict[str, Config] = {}
    for settings in pipelines():
        known |= dict.fromkeys(settings.experiments, settings)
    found = config.choose(known, name.partition("/")[0], "experiment")
    return found, found.find(name)
