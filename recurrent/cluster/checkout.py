"""Compare a worker's checkout and environment with ours."""

import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

from recurrent.common.config import Runtime
from recurrent.training.fingerprint import (
    BOOSTING,
    FITTING_LIBRARIES,
    PACKAGE,
    ROOT,
    code_digest,
    describe_arithmetic,
    installed,
)

# Those that compute, and those that carry settings, weights and tasks between machines.
LIBRARIES = (*FITTING_LIBRARIES, *BOOSTING, "pydantic", "safetensors", "distributed")
CODE = "code"


def describe(runtime: Runtime) -> dict[str, str]:
    """Return the commit, versions, arithmetic and code of this checkout, by name."""
    return {
        "commit": commit(),
        "Python": platform.python_version(),
        **{name: version(name) if installed(name) else "(missing)" for name in LIBRARIES},
        "arithmetic": ", ".join(describe_arithmetic(runtime)),
        CODE: code_digest(computing_modules()),
    }


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Describe how a worker differs, as the predicate of a sentence; "" if it does not."""
    found = [name for name in ours if theirs.get(name) != ours[name]]
    if found == [CODE]:
        return "has other code than this project, at the same commit"
    return " and ".join(
        f"has {name} {theirs.get(name, '(missing)')}, this project has {ours[name]}"
        for name in found
        if name != CODE  # a hash says less than the commit
    )


@cache  # the commit from which this process loaded its code
def commit() -> str:
    """Return the commit that is checked out."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "(missing)"


def computing_modules() -> tuple[str, ...]:
    """Return the modules whose imports are the code of a run."""
    loaded = [
        f"{PACKAGE}.{folder}.{path.stem}"
        for folder in ("models", "tasks")
        for path in sorted((ROOT / PACKAGE / folder).glob("[!_]*.py"))
    ]
    return f"{PACKAGE}.training.worker", *loaded
