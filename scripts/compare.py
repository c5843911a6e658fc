"""Compare the results of this run with those in git: same bytes, or within a tolerance.

Run `python -m scripts.compare` after `dvc repro` of all or some stages in a clean clone. On the
processor family that wrote the committed results (metrics/written-on.json) every byte must agree.
On another one, the outputs of data stages must have the same bytes; scores, and the best loss of
each variant, must agree within TOLERANCE. `python -m scripts.compare stamp` records this processor
as the one that wrote the results.
"""

import io
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from recurrent.common import config, files, paths
from recurrent.tracking.history import read_history

# The largest difference that another processor's rounding may make.
TOLERANCE = {
    "accuracy": 0.02,
    "calibration_error": 0.02,
    "log_loss": 0.03,
    "loss": 0.03,
    "mape": 0.005,
    "restored": 0.02,
    "restoration_loss": 0.03,
}
SHARE = 0.03  # or this share of the loss, if that is larger
DATA_STAGES = ("download", "clean", "encode")
LOCK = Path("dvc.lock")
COMPARED = (LOCK, Path("beyond/dvc.lock"), Path("metrics"))
WRITTEN_ON = Path("metrics/written-on.json")
RESULTS = paths.PIPELINES["lectures"]
KEYS = ["experiment", "variant", "split", "metric"]


def main() -> None:
    """Compare, print the outcome, and exit with 1 on a difference."""
    changed = git("status", "--porcelain", "--", *map(str, COMPARED)).splitlines()
    if not changed:
        print("same bytes: the lock files and metrics/ are those in git")
        return
    if not WRITTEN_ON.exists():
        sys.exit(f"{WRITTEN_ON} is missing: run `python -m scripts.compare stamp` and commit it")
    here, there = processor(), files.read_json(WRITTEN_ON)
    if here == there:
        sys.exit(f"different bytes on the same processor family ({here}):\n" + "\n".join(changed))
    print(f"written on {there}, run on {here}: comparing data by bytes, scores by tolerance")
    faults = [*data_differences(), *score_differences(), *loss_differences()]
    if faults:
        sys.exit("\n".join(faults))
    print(f"same data; scores within {TOLERANCE}, losses within {SHARE:.0%}")


def processor() -> dict[str, str]:
    """Return the kind of this processor, as far as rounding depends on it."""
    info = {"machine": platform.machine()}
    wanted = {"vendor_id": "vendor", "cpu family": "family", "model": "model"}
    path = Path("/proc/cpuinfo")
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        key, _, value = line.partition(":")
        if key.strip() in wanted:
            info.setdefault(wanted[key.strip()], value.strip())
    return info


def data_differences() -> Iterator[str]:
    """Yield the outputs of data stages whose hash is not the committed one."""
    now, then = (hashes(text) for text in (LOCK.read_text("utf-8"), committed(LOCK)))
    for (stage, path), digest in then.items():
        if stage.split("@")[0] in DATA_STAGES and now.get((stage, path)) != digest:
            yield f"{stage}: {path} is {now.get((stage, path))}, was {digest}"


def hashes(lock: str) -> dict[tuple[str, str], str]:
    """Return the hash of each output in a dvc.lock."""
    stages = YAML(typ="safe").load(lock)["stages"]
    return {
        (name, out["path"]): out["md5"]
        for name, stage in stages.items()
        for out in stage.get("outs", ())
    }


def score_differences() -> Iterator[str]:
    """Yield the scores that differ by more than rounding explains."""
    now, then = (
        pd.read_csv(io.StringIO(text)).set_index(KEYS)["ours"]
        for text in (RESULTS.scores.read_text("utf-8"), committed(RESULTS.scores))
    )
    for key in now.index.symmetric_difference(then.index):
        yield f"only one of the two has a score of {' '.join(key)}"
    for key in then.index.intersection(now.index):
        if beyond_tolerance(str(key[-1]), now[key], then[key]):
            yield f"{' '.join(key)} is {now[key]:.4f}, was {then[key]:.4f}"


def loss_differences() -> Iterator[str]:
    """Yield the variants whose best loss differs by more than rounding explains."""
    for name, experiment in config.load().experiments.items():
        curves, history = RESULTS.curves(experiment.lecture), RESULTS.history(name)
        if not (curves.exists() and history.exists()):
            continue
        table = pd.read_csv(io.StringIO(committed(curves)))
        then = best_losses(table[table["experiment"] == name])
        now = best_losses(read_history(history))
        for variant, loss in then.items():
            if variant in now and beyond_tolerance("loss", now[variant], loss):
                yield f"{name}/{variant}: best loss is {now[variant]:.4f}, was {loss:.4f}"


def best_losses(curves: pd.DataFrame) -> dict[str, float]:
    """Return the lowest mean loss of each variant, on validation records if there are any."""
    losses = curves.reindex(columns=["variant", "epoch", "valid_loss", "train_loss"])
    lowest = losses.groupby(["variant", "epoch"]).mean().groupby("variant").min()
    return {str(k): float(v) for k, v in lowest["valid_loss"].fillna(lowest["train_loss"]).items()}


def beyond_tolerance(metric: str, now: float, then: float) -> bool:
    """Return whether two values of a metric differ by more than rounding explains."""
    share = SHARE * abs(then) if metric.endswith("loss") else 0.0
    return metric in TOLERANCE and abs(now - then) > max(TOLERANCE[metric], share)


def committed(path: Path) -> str:
    """Return a file as it is in the last commit."""
    return git("show", f"HEAD:{path.as_posix()}")


def git(*arguments: str) -> str:
    """Return the output of a git command."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["stamp"]:
        files.write_json(WRITTEN_ON, processor())
    else:
        main()
