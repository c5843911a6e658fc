"""Stages, started as DVC starts them, compute with the kernels that strict mode needs."""

import os
import subprocess
import sys

from tests.project import ROOT

CHECK = "import os, sys, stages; print(os.environ['OPENBLAS_CORETYPE'], 'numpy' in sys.modules)"


def test_the_kernels_are_chosen_before_a_stage_can_import_numpy() -> None:
    own = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS")}
    command = [sys.executable, "-c", CHECK]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Haswell", "False"]
