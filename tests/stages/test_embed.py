"""The embed stage: vectors of the first seed replace the categories; all else stays."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recurrent.common import config, files, paths
from recurrent.common.errors import PipelineError
from recurrent.data.sales.dataset import Table
from recurrent.models import base
from recurrent.tasks.regress import Regress
from stages import embed
from tests.project import Project
from tests.training.toy import write_table

pytestmark = pytest.mark.usefixtures("restored_torch")
MADE = "sales_vectors"
WIDTHS = [3, 2, 1]
READING = {
    "module": "sales",
    "name": "EntityEmbeddings",
    "settings": {"widths": WIDTHS, "hidden": [8, 4]},
}
ONE_HOT = {"module": "sales", "name": "OneHotEntities", "settings": {"hidden": [4]}}


@pytest.fixture
def table(project: Project) -> Path:
    """Write a toy table in place of the sales."""
    project.edit({"experiments.sales_networks.seeds": [5, 3]})
    return write_table(paths.encoded("sales"))


def weights(seed: int) -> Path:
    chosen = config.load().embedded[MADE]
    return paths.PIPELINES["lectures"].weights(chosen.experiment, chosen.variant, seed)


def trained(spec: dict[str, Any]) -> None:
    """Write networks with other weights for each seed."""
    task = Regress(paths.encoded("sales"), torch.device("cpu"))
    whole = {**spec, "inputs": task.inputs, "outputs": task.outputs}
    for seed in (5, 3):
        model = base.build(whole)
        torch.manual_seed(seed)
        for weight in model.parameters():
            torch.nn.init.normal_(weight)
        weights(seed).parent.mkdir(parents=True, exist_ok=True)
        base.save(model, weights(seed))
    about = {"seeds": [5, 3], "about": task.about}
    files.write_json(weights(5).parent / "spec.json", {**model.spec(), **about})


def test_vectors_of_the_first_seed_replace_the_categories(table: Path) -> None:
    trained(READING)
    files.write_text(paths.encoded(MADE) / "leftover", "of an earlier run")
    embed.main(MADE)
    assert not (paths.encoded(MADE) / "leftover").exists()
    before, after = Table.load(table), Table.load(paths.encoded(MADE))
    vectors = load_file(weights(5))["vectors.weight"].numpy()
    expected = [
        np.concatenate([vectors[id][:width] for id, width in zip(row, WIDTHS, strict=True)])
        for row in before.ids
    ]
    assert after.vectors is not None and after.vectors.dtype == np.float32
    np.testing.assert_array_equal(after.vectors, expected)
    for field in fields(Table):
        if field.name != "vectors":
            np.testing.assert_equal(getattr(after, field.name), getattr(before, field.name))
    report = files.read_json(paths.encoded(MADE) / "report.json")
    assert (report["rows"], report["width"]) == (len(before.ids), sum(WIDTHS))


def test_a_network_without_vectors_or_without_weights_is_refused(table: Path) -> None:
    with pytest.raises(PipelineError, match="sales_networks/embeddings"):
        embed.main(MADE)
    trained(ONE_HOT)
    with pytest.raises(PipelineError, match="OneHotEntities"):
        embed.main(MADE)
    with pytest.raises(PipelineError, match=rf"no embedded dataset 'poems'.*{MADE}"):
        embed.main("poems")
    assert not paths.encoded(MADE).exists()
