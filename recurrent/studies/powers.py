"""D5: a factor a little below or above one, multiplied by itself for a year.

0.99^365 is 0.03 and 1.01^365 is 37.8. A matrix behaves similarly: in the long run, its spectral
radius decides whether its powers vanish or explode. At first, its singular values decide. Those of
an orthogonal matrix are all 1, like its radius; those of a Gaussian matrix are far from its radius.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from recurrent.common.config import Frozen, Listed
from recurrent.studies.base import six, write

Matrix = NDArray[np.float64]
Factor = Annotated[float, Field(gt=0)]


class Settings(Frozen):
    """The lecture's two factors, and one between them."""

    factors: Annotated[Listed[Factor], Field(min_length=1)] = (0.99, 1.0, 1.01)  # spectral radii
    steps: int = Field(default=365, ge=1)  # the largest exponent
    every: int = Field(default=5, ge=1)  # exponents from one row of the table to the next
    hidden: int = Field(default=64, ge=2)  # rows and columns of a matrix
    seed: int = Field(default=0, ge=0)


def run(settings: Settings, folder: Path) -> dict[str, Any]:
    """Compute powers of each factor, and of two matrices that have it as their spectral radius."""
    rng = np.random.default_rng(settings.seed)
    gaussian = rng.standard_normal((settings.hidden, settings.hidden))
    gaussian /= spectral_radius(gaussian)
    rotation = orthogonal(rng, settings.hidden)
    steps = np.arange(settings.steps + 1)
    tables = {
        factor: pd.DataFrame(
            {
                "step": steps,
                "factor": factor,
                "scalar": factor**steps,
                "matrix_norm": norms(gaussian * factor, settings.steps),
                "orthogonal_norm": norms(rotation * factor, settings.steps),
            }
        )
        for factor in settings.factors
    }
    shown = (steps % settings.every == 0) | (steps == settings.steps)
    write(folder / "powers.csv", pd.concat([table[shown] for table in tables.values()]))
    return {
        "origin": {"source": "no corpus", "name": "powers"},
        "steps": settings.steps,
        "powers": {str(factor): six(factor**settings.steps) for factor in tables},
        "spectral_radius": {
            str(factor): six(spectral_radius(gaussian * factor)) for factor in tables
        },
        "largest_singular_value": {
            str(factor): six(float(np.linalg.norm(gaussian * factor, 2))) for factor in tables
        },
        "matrix_norm": {str(factor): _course(table) for factor, table in tables.items()},
    }


def spectral_radius(matrix: Matrix) -> float:
    """Return the largest absolute eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def orthogonal(rng: Generator, size: int) -> Matrix:
    """Return a random matrix whose singular values are all 1."""
    matrix, _ = np.linalg.qr(rng.standard_normal((size, size)))
    return matrix


def norms(matrix: Matrix, steps: int) -> list[float]:
    """Return the spectral norm of each power of a matrix, from the power 0 on."""
    power = np.eye(len(matrix))
    found = [1.0]
    for _ in range(steps):
        power = matrix @ power
        found.append(float(np.linalg.norm(power, 2)))
    return found


def _course(table: pd.DataFrame) -> dict[str, float]:
    """Return where the norm of the Gaussian matrix is largest, and where it ends."""
    course = table["matrix_norm"].to_numpy()
    return {
        "largest": six(course.max()),
        "largest_at": int(course.argmax()),
        "last": six(course[-1]),
    }
