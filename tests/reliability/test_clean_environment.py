"""A model is loaded in an environment that has only what its requirements.txt lists."""

import subprocess
import sys
from pathlib import Path

import pytest

from recurrent.common import paths
from recurrent.serving import package
from recurrent.serving.classifier import Classifier
from tests.commands.trained import CLASSIFIER, save
from tests.project import Project
from tests.reliability.ledger import Promised
from tests.serving.test_package import answers

pytestmark = pytest.mark.long
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")


def test_a_model_needs_only_its_requirements(project: Project, promise: Promised) -> None:
    """It takes some minutes, and a network or a mirror of PyPI."""
    save("names_gated/gru", CLASSIFIER)
    network = paths.PIPELINES["lectures"].model("names_gated", "gru")
    package.save(network, Path("model"), "classify")
    subprocess.run([sys.executable, "-m", "venv", "clean"], check=True)
    python = str(project.folder / "clean/bin/python")
    one = package.requirement("safetensors")
    if subprocess.run([python, *PIP, "download", "--no-deps", one], check=False).returncode:
        pytest.skip("needs a network, or a mirror of PyPI")
    kept = promise(
        "A saved model is loaded without this repository and without pickle",
        "a new environment with the model's requirements.txt",
    )
    subprocess.run([python, *PIP, "install", "-r", "model/requirements.txt"], check=True)
    (found,) = answers(project.folder, ("model", {"name": ["王小红"]}, {}), python=python)
    (expected,) = Classifier(network).predict(["王小红"])
    kept.injected = 1
    assert found[0]["label"] == expected.label
    assert found[0]["probability"] == pytest.approx(expected.probability, abs=1e-6)
