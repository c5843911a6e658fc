"""What a training depends on, as one hash: its parameters, its input files and its code."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
EXEMPT = PACKAGE / "tracking"  # what is logged changes nothing that is learnt


def fingerprint(parameters: dict[str, Any], inputs: Path) -> str:
    """The hash of all three. The code is every module of ours imported by now."""
    content = {
        "parameters": parameters,
        "inputs": {path.name: digest(path) for path in sorted(inputs.iterdir())},
        "code": {path.relative_to(PACKAGE).as_posix(): digest(path) for path in code()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def code() -> list[Path]:
    """The files of our own modules that this process has imported."""
    named = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    files = {Path(name).resolve() for name in named if name}
    return sorted(f for f in files if f.is_relative_to(PACKAGE) and not f.is_relative_to(EXEMPT))


def digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
