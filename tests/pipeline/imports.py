"""Which of our modules a stage imports, read from the source: late imports included."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "stages"
# A change to what is told to MLflow must not retrain anything; the recorder writes an output.
EXEMPT = tuple(f"recurrent/tracking/{name}.py" for name in ("live", "mlflow_sink", "publish"))


def closure(modules: list[str]) -> set[str]:
    """The files of these modules and of all that they import, as paths from the root."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        path = file_of(waiting.pop())
        if path is None or path in found or path in EXEMPT:
            continue
        found.add(path)
        waiting += imported(path)
    return {path for path in found if not path.endswith("__init__.py")}


@cache
def imported(path: str) -> list[str]:
    """Every module of ours that a file names in an import, wherever it stands."""
    return list(_imported(ast.parse((ROOT / path).read_text(encoding="utf-8"))))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # `from package import name`: the name may be a module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(module: str) -> str | None:
    """The file of a module of ours; None for any other, or for a name inside a module."""
    if module.split(".", maxsplit=1)[0] != PACKAGE:
        return None
    base = Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if (ROOT / path).exists():
            return path.as_posix()
    return None
