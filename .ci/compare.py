"""Are the results of this run those in git? Byte by byte, or within a tolerance elsewhere.

`python .ci/compare.py` after `dvc repro`, of all or of some stages, in a clean clone. On the
processor family that wrote the committed results (metrics/written-on.json) every byte must agree.
On another x86-64 with AVX2 it should (runtime.reproducible: strict), and it says so if it does not;
there, and on anything else, what data stages made must agree to the byte; the headline scores, and
the best loss of each training, within TOLERANCE.
"""

import csv
import io
import json
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

TOLERANCE = {
    "accuracy": 0.02,
    "calibration_error": 0.02,
    "log_loss": 0.03,
    "loss": 0.03,
    "mape": 0.005,
    "restored": 0.02,
    "restoring_loss": 0.03,
}
DATA_STAGES = ("download", "clean", "encode")
SCORES = "metrics/scores.json"
SHARE = 0.03  # of a loss that is large, as of a text that nobody can predict
WRITTEN_ON = Path("metrics/written-on.json")


def main() -> None:
    """Compare, say how, and exit 1 on a difference."""
    changed = git("status", "--porcelain", "--", "dvc.lock", "metrics").splitlines()
    if not changed:
        print("same bytes: dvc.lock and metrics/ are those in git")
        return
    if not WRITTEN_ON.exists():
        sys.exit(f"{WRITTEN_ON} is missing: `python .ci/compare.py stamp`, then commit it")
    here, there = family(), json.loads(WRITTEN_ON.read_text(encoding="utf-8"))
    if here == there:
        sys.exit(f"different bytes on the same processor family ({here}):\n" + "\n".join(changed))
    print(f"written on {there}, run on {here}: comparing data to the byte, scores by tolerance")
    faults = data_differences() + score_differences() + training_differences()
    if faults:
        sys.exit("\n".join(faults))
    print(f"same data; scores within {TOLERANCE}, losses within {SHARE:.0%} of them")


def family() -> dict[str, str]:
    """What tells one kind of processor from another, as far as arithmetic goes."""
    info = {"machine": platform.machine()}
    wanted = {"vendor_id": "vendor", "cpu family": "family", "model": "model"}
    path = Path("/proc/cpuinfo")
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        key, _, value = line.partition(":")
        if key.strip() in wanted:
            info.setdefault(wanted[key.strip()], value.strip())
    return info


def data_differences() -> list[str]:
    """Outputs of data stages whose hash is not the committed one."""
    now, then = (
        outputs(text)
        for text in (Path("dvc.lock").read_text("utf-8"), git("show", "HEAD:dvc.lock"))
    )
    return [
        f"{stage}: {path} is {now.get((stage, path))}, was {digest}"
        for (stage, path), digest in then.items()
        if stage.split("@")[0] in DATA_STAGES and now.get((stage, path)) != digest
    ]


def outputs(lock: str) -> dict[tuple[str, str], str]:
    """The hash of every output in a dvc.lock."""
    stages = YAML(typ="safe").load(lock)["stages"]
    return {(n, out["path"]): out["md5"] for n, stage in stages.items() for out in stage["outs"]}


def score_differences() -> list[str]:
    """Headline scores that moved further than another processor's arithmetic explains."""
    now: dict[str, Any] = json.loads(Path(SCORES).read_text(encoding="utf-8"))
    then: dict[str, Any] = json.loads(git("show", f"HEAD:{SCORES}"))
    if now.keys() != then.keys():
        return [f"other experiments: {sorted(now.keys() ^ then.keys())}"]
    return [
        f"{name}: {metric} is {now[name][metric]}, was {value}"
        for name, figures in then.items()
        for metric, value in figures.items()
        if metric in TOLERANCE and beyond(metric, now[name][metric], value)
    ]


def training_differences() -> list[str]:
    """Trainings whose best loss moved further than another processor's arithmetic explains."""
    changed = git("diff", "--name-only", "HEAD", "--", "metrics/history").split()
    faults = []
    for name in changed:
        now, then = best(Path(name).read_text("utf-8")), best(git("show", f"HEAD:{name}"))
        if beyond("loss", now, then):
            faults.append(f"{name}: the best loss is {now:.4f}, was {then:.4f}")
    return faults


def best(history: str) -> float:
    """The lowest loss of a history: on validation records, if there are any."""
    rows = [*csv.DictReader(io.StringIO(history))]
    column = "valid_loss" if rows[0].get("valid_loss") else "train_loss"
    return min(float(row[column]) for row in rows)


def beyond(metric: str, now: float, then: float) -> bool:
    share = SHARE * abs(then) if metric.endswith("loss") else 0.0
    return abs(now - then) > max(TOLERANCE[metric], share)


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["stamp"]:  # run beside a commit of results: this machine wrote them
        WRITTEN_ON.write_text(json.dumps(family(), indent=1) + "\n", encoding="utf-8")
    else:
        main()
