"""A little more or less than one, multiplied by itself all year: of a number and of a matrix.

Of a matrix the spectral radius rules in the end; at first it is the singular values, which a
Gaussian matrix has far from its radius and an orthogonal one at it.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from recurrent.studies.base import six, write
from recurrent.validation import Frozen, Listed

Matrix = NDArray[np.float64]
Factor = Annotated[float, Field(gt=0)]


class Settings(Frozen):
    """The lecture's two factors and one between them."""

    factors: Annotated[Listed[Factor], Field(min_length=1)] = (0.99, 1.0, 1.01)  # spectral radii
    steps: int = Field(default=365, ge=1)  # the greatest exponent
    every: int = Field(default=5, ge=1)  # exponents from one line of the table to the next
    hidden: int = Field(default=64, ge=2)  # rows and columns of a matrix
    seed: int = Field(default=0, ge=0)


def demonstrate(settings: Settings, folder: Path) -> dict[str, Any]:
    """Powers of each factor and of two matrices that have it as their spectral radius."""
    rng = np.random.default_rng(settings.seed)
    gaussian = rng.standard_normal((settings.hidden, settings.hidden))
    gaussian /= radius(gaussian)
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
    table = pd.concat([table[shown] for table in tables.values()])
    write(folder / "powers.csv", table)
    return {
        "origin": {"source": "no corpus", "name": "powers"},
        "steps": settings.steps,
        "powers": {str(factor): six(factor**settings.steps) for factor in tables},
        "radius": {str(factor): six(radius(gaussian * factor)) for factor in tables},
        "largest_singular_value": {
            str(factor): six(float(np.linalg.norm(gaussian * factor, 2))) for factor in tables
        },
        "matrix_norm": {str(factor): _course(table) for factor, table in tables.items()},
    }


def radius(matrix: Matrix) -> float:
    """The greatest absolute value of an eigenvalue."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def orthogonal(rng: Generator, size: int) -> Matrix:
    """A random matrix all of whose singular values are 1."""
    matrix, _ = np.linalg.qr(rng.standard_normal((size, size)))
    return matrix


def norms(matrix: Matrix, steps: int) -> list[float]:
    """The spectral norm of a matrix's powers, from the zeroth on."""
    power = np.eye(len(matrix))
    found = [1.0]
    for _ in range(steps):
        power = matrix @ power
        found.append(float(np.linalg.norm(power, 2)))
    return found


def _course(table: pd.DataFrame) -> dict[str, float]:
    """Where the powers of the Gaussian matrix are largest, and where they end."""
    course = table["matrix_norm"].to_numpy()
    return {
        "largest": six(course.max()),
        "largest_at": int(course.argmax()),
        "last": six(course[-1]),
    }
