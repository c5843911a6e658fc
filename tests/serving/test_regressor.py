"""Predict sales from levels of columns."""

import numpy as np
import pytest
import torch

from recurrent.common import files, paths
from recurrent.common.errors import PipelineError
from recurrent.serving.regressor import Regressor
from tests.commands.trained import CLASSIFIER, REGRESSOR, save
from tests.project import Project

FOLDER = paths.PIPELINES["lectures"].model("sales_networks", "one")
TABLE = {"day": ["3", "1"], "store": ["1", "2"]}


@pytest.fixture
def trained(project: Project) -> Project:
    save("sales_networks/one", REGRESSOR)
    return project


def test_the_values_of_the_seeds_are_averaged(trained: Project) -> None:
    regressor = Regressor(FOLDER)
    ids = torch.tensor([[1, 5], [2, 3]])  # store=1, day=3; store=2, day=1
    with torch.inference_mode():
        of_seeds = [np.exp(8 * model(ids)[0][:, 0].double().numpy()) for model in regressor.models]
    np.testing.assert_allclose(regressor.predict(TABLE), np.mean(of_seeds, axis=0))


def test_an_unknown_level_is_refused_with_those_that_are_known(trained: Project) -> None:
    with pytest.raises(PipelineError, match=r"column day, row 2: .*'4'.* Use one of: 1, 2, 3\."):
        Regressor(FOLDER).predict({"day": ["1", "4"], "store": ["1", "2"]})


def test_a_spec_of_another_model_is_refused(trained: Project) -> None:
    files.write_json(FOLDER / "spec.json", CLASSIFIER)
    with pytest.raises(PipelineError, match="trained for another task"):
        Regressor(FOLDER)
