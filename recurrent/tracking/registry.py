"""The champions in MLflow's registry: versions, and an alias of the best one."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from mlflow.entities.model_registry import ModelVersion

from recurrent.common.errors import PipelineError
from recurrent.tracking import models
from recurrent.tracking.champions import Champion
from recurrent.tracking.store import Store, without_retries

ALIAS = "champion"
URI = "MLFLOW_TRACKING_URI"
VERSIONS = "mlflow.modelVersions"  # tag of a model


def register(store: Store, champion: Champion) -> str:
    """Register new weights, and move the alias if they are better; return a description.

    Each step is skipped if it is done, so publishing again completes what a kill interrupted.
    """
    client, name = store.client, champion.name
    marked = create_model(store, champion)
    versions = client.search_model_versions(f"name = '{name}'")
    current = next((one for one in versions if str(one.version) == marked), None)
    weights = champion.weights()
    version = next((one for one in versions if one.tags.get("weights") == weights), None)
    known = version is not None
    if version is None:
        version = create_version(store, champion)
    if current is None or (current.version != version.version and replaces(version, current)):
        text = describe(version, current)
        client.update_model_version(name, str(version.version), text)
        client.set_registered_model_alias(name, ALIAS, str(version.version))
        return f"{name}: version {version.version} is the champion. {text}"
    return "" if known else f"{name}: version {version.version} is not better than the champion."


def create_model(store: Store, champion: Champion) -> str | None:
    """Create the registered model unless it exists; return the version of its alias."""
    known = store.client.search_registered_models(f"name = '{champion.name}'")
    if known:
        version = known[0].aliases.get(ALIAS)
        return None if version is None else str(version)
    title = champion.title[:1].upper() + champion.title[1:]
    about = f"{title}. Alias `{ALIAS}`: the best network by validation loss."
    with without_retries():
        store.client.create_registered_model(champion.name, description=about)
    return None


def create_version(store: Store, champion: Champion) -> ModelVersion:
    """Register the model of the champion's run as a new version."""
    known = store.find(champion.run)
    model = known and models.find(store.client, known)
    if not model:
        raise PipelineError(
            "the run has no model in MLflow.",
            where=champion.run.variant.name,
            remedy="Run `recurrent publish` again.",
        )
    with without_retries(), using_tracking_uri(store.uri):
        version = store.client.create_model_version(
            champion.name,
            source=f"models:/{model.model_id}",
            run_id=model.source_run_id,
            tags=champion.tags(),
            model_id=model.model_id,
        )
    # This tag makes MLflow link the model to its version. A server writes it by itself.
    link = [{"name": version.name, "version": version.version}]
    store.client.set_logged_model_tags(model.model_id, {VERSIONS: json.dumps(link)})
    return version


def replaces(version: ModelVersion, current: ModelVersion) -> bool:
    """Return whether a version replaces the current champion.

    On the same data, its validation loss must be lower. On other data, losses cannot be compared,
    so the new version replaces the current one.
    """
    if not same_data(version, current):
        return True
    return float(version.tags["valid_loss"]) < float(current.tags["valid_loss"])


def describe(version: ModelVersion, before: ModelVersion | None) -> str:
    """Describe a champion, and why it replaces the earlier one."""
    loss = float(version.tags["valid_loss"])
    text = f"{version.tags['variant']}, validation loss {loss:.4f} on {version.tags['dataset']}"
    if before is None:
        return f"{text}."
    if not same_data(version, before):
        return (
            f"{text}. Version {before.version} was trained on other data, so their losses cannot "
            "be compared."
        )
    return f"{text}; version {before.version} has {float(before.tags['valid_loss']):.4f}."


def same_data(one: ModelVersion, other: ModelVersion) -> bool:
    """Return whether the validation losses of two versions can be compared."""
    return {"data", "valid_loss"} <= other.tags.keys() and one.tags["data"] == other.tags["data"]


@contextmanager
def using_tracking_uri(uri: str) -> Iterator[None]:
    """Make our store the default, in which MLflow's registry looks up models."""
    before = os.environ.get(URI)
    os.environ[URI] = uri
    try:
        yield
    finally:
        if before is None:
            del os.environ[URI]
        else:
            os.environ[URI] = before
