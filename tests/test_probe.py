"""The probe stage: tables of what was measured, on networks as they begin and as they end."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from recurrent import config as params
from recurrent import files, paths
from recurrent.config import Params, Probes
from recurrent.errors import PipelineError
from recurrent.config import Experiment
from recurrent.models import base as contract
from recurrent.report.probing import through_time
from recurrent.training.seeding import seed_torch
from stages import probe
from tests.project import Project
from tests.training.toy import write_names

NAME = "names_gru"
SIZES = {"cell": "gru", "embedding": 4, "hidden": 6}


@pytest.fixture
def trained(project: Project) -> Params:
    """A tiny classifier whose last weights are twice its first."""
    project.edit(
        {
            f"experiments.{NAME}.model.settings": SIZES,
            "probes": {"experiments": [NAME], "steps": 4, "records": 6, "bounded": 1},
        }
    )
    write_names(project.folder / "data/encoded/names_top500")
    settings = params.load()
    folder = paths.model(NAME)
    folder.mkdir(parents=True)
    spec = {**settings.experiments[NAME].model.model_dump(), "inputs": 7, "outputs": 2}
    model = first_weights(settings.experiments[NAME])
    known = {"seeds": [0], "about": {"vocabulary": "abcdef"}}
    files.write_json(folder / "spec.json", {**spec, **model.spec(), **known})
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    contract.save(model, contract.seed_file(folder, 0))
    return settings


def first_weights(experiment: Experiment) -> contract.Model:
    seed_torch(NAME, experiment.seeds[0], "weights")
    return contract.build({**experiment.model.model_dump(), "inputs": 7, "outputs": 2})


def test_before_training_are_the_weights_that_training_begins_with(trained: Params) -> None:
    found = dict(probe.before_and_after(NAME))
    wanted = first_weights(trained.experiments[NAME]).state_dict()
    before, after = (found[when].state_dict() for when in ("before", "after"))
    assert all(torch.equal(value, wanted[name]) for name, value in before.items())
    assert all(torch.equal(value, 2 * wanted[name]) for name, value in after.items())


@pytest.mark.usefixtures("restored_torch")
def test_every_table_is_written_and_again_to_the_byte(trained: Params) -> None:
    probe.main()
    written = {path.name: path.read_bytes() for path in paths.PROBES.iterdir()}
    assert written.keys() == {"through_time.csv", "spectra.csv", "summary.csv"}
    files.write_text(paths.PROBES / "old.csv", "")
    probe.main()
    assert {path.name: path.read_bytes() for path in paths.PROBES.iterdir()} == written
    through = pd.read_csv(paths.PROBES / "through_time.csv")
    assert through.groupby("when")["back"].apply(list).to_dict() == {
        when: [1, 2, 3] for when in ("before", "after")
    }
    assert (through["low"] <= through["gradient"]).all()
    assert (through["gradient"] <= through["high"]).all()
    of_h = through[through["state"] == "h"]
    assert (of_h["gradient"] <= of_h["bound"] * 1.001).all()
    summary = pd.read_csv(paths.PROBES / "summary.csv", index_col="when")
    figures = summary.drop(columns="experiment")
    twice = figures.loc["after"] / figures.loc["before"]
    assert twice["largest_singular_value"] == pytest.approx(2, rel=1e-3)
    assert twice["spectral_radius"] == pytest.approx(2, rel=1e-3)


@pytest.mark.usefixtures("restored_torch", "trained")
@pytest.mark.parametrize("length", [1, 2])
def test_the_shortest_names_have_a_step_to_go_back_or_none(project: Project, length: int) -> None:
    write_names(project.folder / "data/encoded/names_top500", lengths_of=(length, length))
    probe.main()
    assert (paths.PROBES / "through_time.csv").exists() == (length == 2)
    summary = pd.read_csv(paths.PROBES / "summary.csv")
    assert summary["decay"].isna().all() and (summary["spectral_radius"] > 0).all()
    report = through_time(paths.PROBES, [NAME])
    assert (report is None) == (length == 1)


def test_the_decay_is_the_mean_factor_a_step_and_knows_of_h_alone() -> None:
    steps = [{"state": "h", "gradient": 8.0 * 0.5**back} for back in range(5)]
    assert probe.decay([*steps, {"state": "c", "gradient": 1e9}]) == pytest.approx(0.5)
    assert probe.decay([*steps, {"state": "h", "gradient": 0.0}]) == pytest.approx(0.5)


def test_a_single_step_or_no_gradient_has_no_decay() -> None:
    for sizes in ([], [1.0], [0.0, 0.0], [1.0, 0.0]):
        assert np.isnan(probe.decay([{"state": "h", "gradient": size} for size in sizes]))


@pytest.mark.parametrize("recorded", [None, "seed,epoch,step,total\n"])
def test_clipping_what_recorded_nothing_is_refused_by_its_key(
    project: Project, recorded: str | None
) -> None:
    if recorded:
        files.write_text(paths.gradients("net"), recorded)
    with pytest.raises(PipelineError, match=r"params\.yaml: probes\.clipped: .*'net'"):
        probe.clipped("net", Probes())


def test_clipping_is_computed_for_each_threshold_and_recorded_step(project: Project) -> None:
    lines = ["seed,epoch,step,total,a,b", "0,1,1,5,3,4", "1,1,1,0.5,0.3,0.4"]
    files.write_text(paths.gradients("net"), "\n".join(lines) + "\n")
    found = probe.clipped("net", Probes(thresholds=(1.0, 3.5)))
    assert found[["threshold", "seed", "step"]].values.tolist() == [
        [1, 0, 1], [1, 1, 1], [3.5, 0, 1], [3.5, 1, 1],
    ]  # fmt: skip
    first = found.iloc[0]
    assert first["norm"] == 5
    assert (first["norm_global"], first["cosine_global"]) == pytest.approx((1, 1))
    assert first["norm_each"] == pytest.approx(2**0.5)
    assert first["cosine_each"] == pytest.approx(7 / 5 / 2**0.5)
    assert first["norm_last"] == pytest.approx(10**0.5)
    assert found.iloc[1][["norm_global", "norm_each", "norm_last"]].tolist() == pytest.approx(
        [0.5] * 3
    )


def test_a_network_that_is_not_trained_is_named(project: Project) -> None:
    project.edit({"probes.experiments": [NAME]})
    with pytest.raises(Exception, match=r"models/names_gru.*not trained yet"):
        list(probe.before_and_after(NAME))
    assert not Path("metrics/probes").exists()
