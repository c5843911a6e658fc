"""pyproject.toml lists every package that the code imports."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = PROJECT["project"]["dependencies"]
EXTRAS = [line for extra in PROJECT["project"]["optional-dependencies"].values() for line in extra]
OURS = {"recurrent", "stages", "benchmarks", "scripts", "tests"}
KNOWN = packages_distributions()


def imported(place: str) -> set[str]:
    """The third-party packages that the modules there import, late imports included."""
    trees = [ast.parse(path.read_text("utf-8")) for path in Path(ROOT / place).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in plain | froms} - sys.stdlib_module_names - OURS


def named(requirements: list[str]) -> set[str]:
    """The distributions of a list, with their names normalised as pip does."""
    return {normal(re.split(r"[\s\[=;]", line)[0]) for line in requirements}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("recurrent", RUN + EXTRAS),
        ("stages", RUN),
        ("tests", RUN + PROJECT["dependency-groups"]["dev"]),
        ("benchmarks", RUN + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_every_package_that_is_imported_is_asked_for(place: str, asked: list[str]) -> None:
    packages = imported(place)
    assert "torch" in packages
    missing = {
        package
        for package in packages
        if not named(asked) & {normal(name) for name in KNOWN.get(package, [package])}
    }
    assert missing == set()
