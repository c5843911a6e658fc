"""The runs of an experiment, each with a hash of everything that its result depends on.

A fingerprint covers the resolved parameters, the encoded data, the code that computes (its syntax
trees without docstrings, so comments and docstrings may change) and the arithmetic. Names of
variants are left out, so renaming one trains nothing. On a CPU, computing a fingerprint needs no
torch.
"""

import ast
import hashlib
import json
import platform
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recurrent.common import paths
from recurrent.common.config import Config, Runtime, Variant
from recurrent.training.store import checksum

ROOT = Path(__file__).parents[2]
PACKAGE = "recurrent"
# No result depends on these modules. The values that config.py checks are in the fingerprint.
NOT_COMPUTING = (
    "recurrent/common/config.py",
    "recurrent/common/console.py",
    "recurrent/common/errors.py",
    "recurrent/common/files.py",
    "recurrent/common/locking.py",
    "recurrent/common/paths.py",
    "recurrent/training/fingerprint.py",
    "recurrent/training/interrupt.py",
    "recurrent/training/store.py",
)
ALWAYS = "recurrent/common/__init__.py"  # sets what NumPy computes with
LIBRARIES = ("numpy", "torch")
FITTING_LIBRARIES = (*LIBRARIES, "scikit-learn", "scipy")  # what `fit` may call
BOOSTING = ("xgboost-cpu", "xgboost")  # one of them is installed


@dataclass(frozen=True)
class Run:
    """One training run: a variant from one seed."""

    variant: Variant
    seed: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.variant.name}, seed {self.seed}"


def plan(config: Config, *experiments: str) -> list[Run]:
    """Return every run of these experiments, or of all. Their datasets must be encoded."""
    data: dict[str, str] = {}
    runs = []
    for variant in config.variants(*experiments):
        if variant.dataset not in data:
            data[variant.dataset] = data_digest(paths.encoded(variant.dataset))
        found = fingerprints(variant, config.runtime, data[variant.dataset])
        runs += [Run(variant, seed, fingerprint) for seed, fingerprint in found.items()]
    return runs


def fingerprints(variant: Variant, runtime: Runtime, data: str) -> dict[int, str]:
    """Return the fingerprint of each seed of a variant, given the digest of its dataset."""
    left_out = {"variant", "lecture", "title", "seeds", "dataset"}
    if not (variant.samples and variant.samples.every):
        left_out.add("samples")  # nothing is generated during training
    content = {
        "parameters": variant.model_dump(mode="json", exclude=left_out),
        "data": data,
        "code": code_digest(entry_modules(variant)),
        "arithmetic": [
            *describe_arithmetic(runtime),
            *library_versions(variant.training.method),
        ],
    }
    return {seed: digest({**content, "seed": seed}) for seed in variant.seeds}


def digest(content: Any) -> str:
    """Return the SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def describe_arithmetic(runtime: Runtime) -> list[str]:
    """Describe what may change the last bits of a result, such as the device and threads.

    In fast mode this includes the processor.
    """
    bits = [f"threads {runtime.threads}", runtime.precision, runtime.reproducible]
    if gpu := gpu_name(runtime):
        return ["cuda", gpu, f"graphs {runtime.graphs_on_cuda}", *bits]
    # In strict mode on x86-64, the bytes do not depend on the processor.
    strict = runtime.reproducible == "strict" and platform.machine() in ("x86_64", "AMD64")
    return ["cpu", *bits, *([] if strict else [processor()])]


def gpu_name(runtime: Runtime) -> str:
    """Return the GPU that runs would use, or "". Import torch only if there may be one."""
    devices = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg")
    likely = platform.system() == "Windows" or any(Path(device).exists() for device in devices)
    if runtime.device == "cpu" or not (likely or runtime.device == "cuda"):
        return ""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def processor() -> str:
    """Return the kind of CPU: vendor, family and model."""
    wanted = ("vendor_id", "cpu family", "model")
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return f"{platform.machine()} {platform.processor()}"
    fields: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    return " ".join([platform.machine(), *(fields.get(key, "") for key in wanted)])


def library_versions(method: str) -> Iterator[str]:
    """Yield the libraries that compute, with their versions."""
    for name in FITTING_LIBRARIES if method == "fit" else LIBRARIES:
        yield f"{name} {version(name)}"
    if method == "fit":
        yield from (f"{name} {version(name)}" for name in BOOSTING if installed(name))


def installed(name: str) -> bool:
    """Return whether a distribution is installed."""
    try:
        return bool(version(name))
    except ModuleNotFoundError:
        return False


def data_digest(folder: Path) -> str:
    """Return a hash of all files of an encoded dataset except its report."""
    files = sorted(path for path in folder.iterdir() if path.name != "report.json")
    return digest({path.name: checksum(path) for path in files})


def entry_modules(variant: Variant) -> tuple[str, ...]:
    """Return the modules that a run starts from, including those loaded by name."""
    return (
        f"{PACKAGE}.training.worker",
        f"{PACKAGE}.models.{variant.model.module}",
        f"{PACKAGE}.tasks.{variant.task}",
    )


@cache
def code_digest(modules: tuple[str, ...]) -> str:
    """Return a hash of the syntax trees of these modules and all of ours that they import."""
    files = sorted(imported_files(modules).difference(NOT_COMPUTING))
    return digest({file: syntax(file) for file in files})


@cache
def syntax(file: str) -> str:
    """Return the syntax tree of a file, without docstrings and comments."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


def imported_files(modules: Iterable[str], skip: Container[str] = ()) -> set[str]:
    """Return the files of these modules and of all that they import, late imports included.

    Leave out the files in `skip` and what only they import.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        file = module_file(waiting.pop())
        if file and file not in found and file not in skip:
            found.add(file)
            waiting += imports(file)
    return {ALWAYS, *(file for file in found if not file.endswith("__init__.py"))}


@cache
def imports(file: str) -> tuple[str, ...]:
    """Return every module that a file imports, late imports included."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from package import name`: the name may be a module.
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


def module_file(module: str) -> str | None:
    """Return the file of one of our modules, as a path from the root; None for other names."""
    if module.partition(".")[0] not in (PACKAGE, "stages"):
        return None
    base = Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if (ROOT / path).exists():
            return path.as_posix()
    return None
