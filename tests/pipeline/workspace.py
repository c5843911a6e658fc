"""A copy of the project, shrunk until the whole pipeline takes seconds, and `dvc` run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.project import ROOT

COPIED = (
    "recurrent", "stages", "beyond", "dvc.yaml", "lectures.yaml", "params.yaml",
    "params.upstream.yaml", "metrics/bench/seconds.csv",
    "metrics/upstream/published.csv", "metrics/upstream/replicated.json",
    ".dvc/config", ".dvc/plots", ".dvcignore",
    ".gitignore",
)  # fmt: skip
SIZES = {"names": 1500, "prose": 4000, "lyrics": 6000, "sales": 1}  # sales: the fewest possible
KEPT = {  # the variants of each experiment that stay
    "names_gated": ["gru"],
    "names_baselines": ["logistic"],
    "nietzsche_rnn": ["lecture", "held_out"],
    "lyrics_bidirectional": ["lecture"],
    "hard_clipping": ["unclipped", "random_norm_1"],
    "sales_networks": ["one_hot", "embeddings"],
    "sales_methods_on_vectors": ["forest"],
}
BEYOND = {
    "lyrics_whole_ngrams": ["order_2"],
    "lyrics_words": ["gru"],
    "lyrics_restore": ["both"],
}
CHAMPIONS = {"names-to-sex": ["names_lecture"], "nietzsche": ["nietzsche_8_held_out"]}
DATASETS = (
    "names_lecture", "nietzsche_8", "nietzsche_8_held_out", "nietzsche_stream", "lyrics_lecture",
    "lyrics_whole", "lyrics_words", "lyrics_windows", "sales",
)  # fmt: skip

yaml = YAML()


class Workspace:
    """A project folder of its own, under git and DVC."""

    def __init__(self, folder: Path, change: Callable[[Any], None] | None = None) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name in COPIED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "dvc.lock", ".gitignore")
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        self.edit(shrink)
        self.edit(shrink_beyond, "beyond/params.yaml")
        if change:
            self.edit(change)
        self.git("init", "--quiet")
        self.commit("start")

    def edit(self, change: Callable[[Any], None], file: str = "params.yaml") -> None:
        """Change a parameter file."""
        path = self.folder / file
        values = yaml.load(path.read_text(encoding="utf-8"))
        change(values)
        with path.open("w", encoding="utf-8") as opened:
            yaml.dump(values, opened)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command with this Python first on the path."""
        bins = Path(sys.executable).parent
        path = f"{bins}{os.pathsep}{os.environ['PATH']}"
        clean = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**clean, "PATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = self.start(*command, **environment)
        stdout, stderr = process.communicate()
        return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)

    def recurrent(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run our command with this folder's code."""
        return self.run("python", "-m", "recurrent", *arguments, **environment)

    def repro(self, *options: str) -> list[str]:
        """Run `dvc repro`; return the stages that ran."""
        done = self.run("dvc", "repro", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return ran(done.stdout)

    def git(self, *arguments: str) -> str:
        """Return a git command's output."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        done = self.run("git", *identity, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def revert(self) -> None:
        """Restore what was committed: tables from git, models and samples from DVC's cache."""
        self.git("checkout", "--", ".")
        done = self.run("dvc", "checkout", "--quiet")
        assert done.returncode == 0, done.stderr

    def commit(self, message: str) -> None:
        """Commit everything as it is."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def tree(self, *folders: str) -> dict[str, bytes]:
        """The bytes of every file below some folders."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for folder in folders
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file()
        }


def ran(printed: str) -> list[str]:
    """Return the stages that DVC ran, from what it printed."""
    running = [line for line in printed.splitlines() if line.startswith("Running stage")]
    return [line.split("'")[1] for line in running]


def shrink(values: Any) -> None:
    """Few names, little text, few epochs; of each lecture a few variants."""
    values["runtime"]["device"] = "cpu"
    for key, size in SIZES.items():
        values["corpora"][key]["synthetic"]["size"] = size
    datasets = {name: values["datasets"][name] for name in DATASETS}
    values["datasets"] = datasets
    datasets["names_lecture"]["settings"].update(train=500, valid=100, test=100)
    datasets["nietzsche_stream"]["settings"].update(window=16, stride=16)
    datasets["lyrics_lecture"]["settings"]["characters"] = 1500
    datasets["sales"]["settings"]["sampled"] = 400
    experiments = {name: values["experiments"][name] for name in KEPT}
    values["experiments"] = experiments
    for name, experiment in experiments.items():
        keep(experiment, KEPT[name])
    for name in ("names_gated", "names_baselines"):
        experiments[name]["dataset"] = experiments[name]["also"] = "names_lecture"
    experiments["lyrics_bidirectional"]["also"] = "lyrics_lecture"
    for name in ("lyrics_bidirectional", "hard_clipping", "names_gated"):
        experiments[name]["model"]["settings"]["hidden"] = 8
    experiments["nietzsche_rnn"]["model"]["settings"]["hidden"] = 32
    experiments["sales_networks"]["model"]["settings"]["hidden"] = [16, 8]
    champions = values["champions"]
    values["champions"] = {
        name: {**champions[name], "datasets": datasets} for name, datasets in CHAMPIONS.items()
    }
    forest = experiments["sales_methods_on_vectors"]["variants"]["forest"]
    forest["model"]["settings"]["trees"] = 5
    by_hand = {"points": 10, "frames": 3, "updates": 4}
    studies = values["studies"]
    studies["line"]["settings"].update(points=50, steps=40, every=10, draws=20, by_hand=by_hand)
    axes = {axis: {"low": low, "high": low + 3, "points": 9} for axis, low in (("w", 4), ("b", -4))}
    studies["error_surface"]["settings"].update(**axes, updates=5)
    studies["powers"]["settings"].update(steps=20, hidden=8)
    flow = ["names_gated/gru", "hard_clipping/random_norm_1"]
    values["examined"].update(gradient_flow=flow, steps=8, records=8)


def keep(experiment: Any, variants: list[str]) -> None:
    """Some of its variants, two epochs, two seeds."""
    experiment["variants"] = {name: experiment["variants"][name] for name in variants}
    if experiment["training"].get("method") != "fit":
        epochs = 4 if experiment["title"].startswith("A4") else 2  # A4 publishes each epoch
        experiment["training"]["epochs"] = epochs
        experiment["seeds"] = [0, 1]


def shrink_beyond(values: Any) -> None:
    """The same for what goes beyond the lectures."""
    experiments = {name: values["experiments"][name] for name in BEYOND}
    values["experiments"] = experiments
    for name, experiment in experiments.items():
        keep(experiment, BEYOND[name])
        if "hidden" in experiment["model"].get("settings", {}):
            experiment["model"]["settings"]["hidden"] = 16
    experiments["lyrics_restore"]["variants"]["both"]["model"]["settings"]["hidden"] = 8
