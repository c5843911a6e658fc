"""The embed stage: the first seed's vectors in place of the symbols, and all else as it was."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recurrent import files, paths
from recurrent.data.sales.dataset import Table
from recurrent.errors import PipelineError
from recurrent.models import base as contract
from recurrent.tasks.regress import Regress
from stages import embed
from tests.project import Project
from tests.training.toy import CPU, READING, fresh, write_table

pytestmark = pytest.mark.usefixtures("restored_torch")
DATASET, NETWORK, MADE = "sales", "sales_network_vectors", "sales_vectors"
WIDTHS = (3, 2, 1)
ONE_HOT = {"module": "entities", "name": "OneHotEntities", "settings": {"hidden": [4]}}


@pytest.fixture
def small(project: Project) -> Project:
    """A toy table in the place of the sales."""
    project.edit({"runtime": {"device": "cpu", "threads": 1, "tracking": False}})
    write_table(paths.encoded(DATASET))
    return project


def trained(spec: Any = READING, seeds: tuple[int, ...] = (5, 3)) -> None:
    """Networks with other weights from each seed."""
    folder, task = paths.model(NETWORK), Regress(paths.encoded(DATASET), CPU)
    folder.mkdir(parents=True)
    for seed in seeds:
        model = fresh(task, spec)
        torch.manual_seed(seed)
        for weight in model.parameters():
            torch.nn.init.normal_(weight)
        contract.save(model, contract.seed_file(folder, seed))
    about = {"seeds": [*seeds], "about": task.about}
    files.write_json(folder / "spec.json", {**model.spec(), **about})


def test_vectors_of_the_first_seed_stand_in_place_of_the_symbols(small: Project) -> None:
    trained()
    embed.main(MADE)
    data = Table.load(paths.encoded(MADE))
    weights = load_file(paths.model(NETWORK) / "seed-5.safetensors")["vectors.weight"].numpy()
    expected = [
        np.concatenate([weights[id][:width] for id, width in zip(row, WIDTHS, strict=True)])
        for row in data.ids
    ]
    assert data.vectors is not None and data.vectors.dtype == np.float32
    np.testing.assert_array_equal(data.vectors, expected)


def test_everything_else_is_as_it_was(small: Project) -> None:
    trained()
    embed.main(MADE)
    before, after = (Table.load(paths.encoded(name)) for name in (DATASET, MADE))
    for field in fields(Table):
        if field.name != "vectors":
            one, other = getattr(before, field.name), getattr(after, field.name)
            np.testing.assert_equal(other, one)
    assert before.vectors is None
    assert after.about() == before.about()


def test_what_was_made_is_what_the_task_reads(small: Project) -> None:
    trained()
    embed.main(MADE)
    rows, _ = Regress(paths.encoded(MADE), CPU).everything("train")
    assert rows.dtype == torch.float32 and rows.shape[1] == sum(WIDTHS)


def test_a_second_run_leaves_the_same_bytes_and_no_leftovers(small: Project) -> None:
    trained()
    embed.main(MADE)
    folder = small.folder / paths.encoded(MADE)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "leftover.npy").touch()
    embed.main(MADE)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_network_without_vectors_is_refused_by_name_and_nothing_is_made(small: Project) -> None:
    trained(ONE_HOT)
    with pytest.raises(PipelineError, match=r"OneHotEntities has no vectors.*`embedded`"):
        embed.main(MADE)
    assert not paths.encoded(MADE).exists()


def test_a_network_that_is_not_trained_is_refused(small: Project) -> None:
    with pytest.raises(PipelineError, match=rf"{NETWORK}: this experiment is not trained yet"):
        embed.main(MADE)


def test_an_unknown_dataset_is_refused(project: Project) -> None:
    with pytest.raises(PipelineError, match=rf"no embedded dataset 'poems'.*{MADE}"):
        embed.main("poems")
    assert not Path("data").exists()
