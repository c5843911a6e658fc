"""The examine stage: tables of networks before and after training, of clipping and of vectors."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from recurrent.common import config as params
from recurrent.common import files, paths
from recurrent.common.config import Variant
from recurrent.common.errors import PipelineError
from recurrent.models import base
from recurrent.models.base import Model
from recurrent.tasks.base import load
from recurrent.training.determinism import STRICT
from recurrent.training.seeding import seed_torch
from stages import examine
from tests.project import ROOT, Project
from tests.small_experiment import RESULTS
from tests.training.toy import write_names, write_table

GRU, VECTORS = "names_gated/gru", "sales_networks/embeddings"
CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("restored_torch")


@pytest.fixture
def examined(project: Project) -> None:
    """Two tiny networks whose trained weights are twice their first ones, and some gradients."""
    project.edit(
        {
            "experiments.names_gated.model.settings": {"embedding": 4, "hidden": 6},
            "experiments.sales_networks.model.settings": {"hidden": [4, 4]},
            "experiments.sales_networks.variants.embeddings.model.settings": {"widths": [3, 2, 1]},
            "examined": {
                "gradient_flow": [GRU],
                "embeddings": [VECTORS],
                "clipping": [GRU],
                "steps": 4,
                "records": 6,
                "bounded": 1,
            },
        }
    )
    write_names(paths.encoded("names_top500"))
    write_table(paths.encoded("sales"))
    config = params.load()
    for name in (GRU, VECTORS):
        train(config.find(name))
    text = "seed,epoch,step,total,a,b\n0,1,1,5,3,4\n"
    files.write_text(RESULTS.gradients("names_gated", "gru"), text)


def first_weights(variant: Variant) -> tuple[Model, dict[str, object]]:
    task = load(variant.task)(paths.encoded(variant.dataset), CPU)
    seed_torch(variant.experiment, variant.seeds[0], "weights")
    spec = {**variant.model.model_dump(), "inputs": task.inputs, "outputs": task.outputs}
    return base.build(spec), task.about


def train(variant: Variant) -> None:
    model, about = first_weights(variant)
    folder = RESULTS.model(variant.experiment, variant.variant)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    base.save(model, base.seed_file(folder, 0))
    files.write_json(folder / "spec.json", {**model.spec(), "seeds": [0], "about": about})


@pytest.mark.usefixtures("examined")
def test_before_training_are_the_weights_that_training_starts_with() -> None:
    config = params.load()
    variant = config.find(GRU)
    found = {when: m.state_dict() for when, m in examine.before_and_after(variant, config)}
    for name, value in first_weights(variant)[0].state_dict().items():
        assert torch.equal(found["before"][name], value)
        assert torch.equal(found["after"][name], 2 * value)


@pytest.mark.usefixtures("examined")
def test_every_table_is_written_and_is_the_same_each_time() -> None:
    examine.main()
    written = {path.name: path.read_bytes() for path in RESULTS.examined.iterdir()}
    names = {"gradient_flow", "spectra", "summary", "clipping"} | {"embeddings"}
    assert written.keys() == {f"{name}.csv" for name in names}  # the toy's columns have no map
    files.write_text(RESULTS.examined / "old.csv", "")
    examine.main()
    assert {path.name: path.read_bytes() for path in RESULTS.examined.iterdir()} == written
    tables = {name: pd.read_csv(RESULTS.examined / f"{name}.csv") for name in names}
    for name, table in tables.items():
        expected = VECTORS if name == "embeddings" else GRU
        assert {*(table["experiment"] + "/" + table["variant"])} == {expected}, name
    flow = tables["gradient_flow"]
    assert flow.groupby("when")["back"].apply(list).to_dict() == {
        when: [1, 2, 3] for when in ("before", "after")
    }
    assert {*flow["corpus"]} == {"names"}
    numbers = tables["summary"].set_index("when")[["largest_singular_value", "spectral_radius"]]
    assert np.allclose(numbers.loc["after"] / numbers.loc["before"], 2, rtol=1e-3)


@pytest.mark.usefixtures("examined")
@pytest.mark.parametrize("recorded", [None, "seed,epoch,step,total\n"])
def test_clipping_a_variant_without_gradients_is_refused(recorded: str | None) -> None:
    path = RESULTS.gradients("names_gated", "gru")
    path.unlink()
    if recorded:
        files.write_text(path, recorded)
    with pytest.raises(PipelineError, match=r"examined\.clipping: names_gated/gru recorded no"):
        examine.main()
    assert not RESULTS.examined.exists()


def test_plain_dvc_starts_it_with_the_arithmetic_of_strict_mode() -> None:
    # DVC sets no variables for NumPy; `recurrent repro` and these tests do.
    plain = {k: v for k, v in os.environ.items() if k not in STRICT and "OPENBLAS" not in k}
    code = "import stages.examine as stage; stage.prepare(stage.params.Runtime(device='cpu'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
