"""The smallest pipeline of the project: two experiments on the list of names."""

import shutil
from pathlib import Path
from typing import Any

from tests.pipeline.workspace import Workspace

KEPT: dict[str, tuple[str, ...]] = {
    "corpora": ("names",),
    "datasets": ("names_lecture",),
    "embedded": (),
    "experiments": ("names_gated", "names_baselines"),
    "champions": ("names-to-sex",),
    "studies": ("powers",),
}


def make(folder: Path) -> Workspace:
    """Return a workspace that `recurrent repro` rebuilds in seconds."""
    workspace = Workspace(folder, shrink)
    shutil.rmtree(folder / "beyond")
    workspace.commit("names only")
    return workspace


def shrink(values: Any) -> None:
    """Remove everything else from params.yaml."""
    for section, keys in KEPT.items():
        values[section] = {key: values[section][key] for key in keys}
    values["examined"].update(gradient_flow=[], embeddings=[], clipping=[])


def outputs(workspace: Workspace) -> dict[str, bytes]:
    """Return the bytes of all that the pipeline writes, and of DVC's lock."""
    lock = (workspace.folder / "dvc.lock").read_bytes()
    return {**workspace.tree("data", "metrics"), "dvc.lock": lock}
