"""The stages of dvc.yaml, one thin module each: `python -m stages.<verb> <key>`."""

import recurrent  # noqa: F401  sets what NumPy computes with, before a stage imports NumPy
