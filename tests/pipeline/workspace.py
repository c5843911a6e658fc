"""A copy of the project, shrunk until the whole pipeline takes seconds, and `dvc` run in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.pipeline.imports import ROOT

COPIED = (
    "stages",
    "dvc.yaml",
    "lectures.yaml",
    "params.yaml",
    ".dvc/config",
    ".dvc/plots",
    ".dvcignore",
)
SIZES = {"names": 1500, "prose": 4000, "lyrics": 6000, "sales": 1}  # sales: as few as there are
NAMES = ("names_rnn", "names_gru", "names_logistic")
NIETZSCHE = ("nietzsche_rnn", "nietzsche_lstm", "nietzsche_trigram")
LYRICS = ("lyrics_bigru", "lyrics_whole_bigram", "lyrics_words_gru", "lyrics_restore_both")
HARD = ("hard_identity_unclipped", "hard_rnn")
SALES = ("sales_network", "sales_network_vectors", "sales_forest_vectors")
KEPT = (*NAMES, *NIETZSCHE, *LYRICS, *HARD, *SALES)
DEMONSTRATIONS = ("line", "error_surface", "powers")
DATASETS = (
    "names_lecture", "nietzsche_8", "nietzsche_stream",
    "lyrics_lecture", "lyrics_whole", "lyrics_words", "lyrics_windows", "sales",
)  # fmt: skip

yaml = YAML()


class Workspace:
    """A project folder of its own, under git and DVC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for name in COPIED:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        (folder / ".gitignore").write_text((ROOT / ".gitignore").read_text(encoding="utf-8"))
        self.edit(shrink)
        self.git("init", "--quiet")
        self.commit("start")

    def edit(self, change: Callable[[Any], None]) -> None:
        """Change params.yaml."""
        path = self.folder / "params.yaml"
        values = yaml.load(path.read_text(encoding="utf-8"))
        change(values)
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(values, file)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """A command with the project's own Python first on the path."""
        bins = Path(sys.executable).parent
        path = f"{bins}{os.pathsep}{os.environ['PATH']}"
        clean = {k: v for k, v in os.environ.items() if k not in ("MLFLOW_TRACKING_URI",)}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**clean, "PATH": path, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The same to its end."""
        process = self.start(*command, **environment)
        said, complained = process.communicate()
        return subprocess.CompletedProcess(command, process.returncode, said, complained)

    def repro(self, *options: str) -> list[str]:
        """`dvc repro`; the stages that ran."""
        done = self.run("dvc", "repro", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        running = [line for line in done.stdout.splitlines() if line.startswith("Running stage")]
        return [line.split("'")[1] for line in running]

    def git(self, *arguments: str) -> str:
        """A git command's output."""
        identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        done = self.run("git", *identity, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def revert(self) -> None:
        """All as it was committed: git has the tables, and DVC's cache the models and samples."""
        self.git("checkout", "--", ".")
        done = self.run("dvc", "checkout", "--quiet")
        assert done.returncode == 0, done.stderr

    def commit(self, message: str) -> None:
        """Everything, as it is."""
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


def shrink(values: Any) -> None:
    """Few names, little text, few epochs; of each lecture two networks and a baseline."""
    for key, size in SIZES.items():
        values["corpora"][key]["bundled"]["size"] = size
    values["datasets"] = {name: values["datasets"][name] for name in DATASETS}
    values["datasets"]["names_lecture"]["settings"].update(train=500, valid=100, test=100)
    values["datasets"]["nietzsche_stream"]["settings"].update(steps=16, stride=16)
    values["datasets"]["lyrics_lecture"]["settings"]["characters"]["bundled"] = 1500
    values["experiments"] = {name: values["experiments"][name] for name in KEPT}
    for name, experiment in values["experiments"].items():
        if name in NAMES:
            experiment["dataset"] = "names_lecture"
        if experiment["training"]["kind"] == "descent":
            if name != "nietzsche_rnn":  # of which the lecture prints each epoch
                experiment["training"]["epochs"] = 2
            experiment["seeds"] = [0, 1]
    for name in (*LYRICS, *HARD):
        if "hidden" in values["experiments"][name]["model"]["settings"]:
            values["experiments"][name]["model"]["settings"]["hidden"] = 8
    values["datasets"]["sales"]["settings"]["sampled"]["bundled"] = 400
    for name in SALES[:2]:
        values["experiments"][name]["model"]["settings"]["hidden"] = [16, 8]
    values["experiments"]["sales_forest_vectors"]["model"]["settings"]["trees"] = 5
    rnn, lstm = (values["experiments"][f"nietzsche_{kind}"] for kind in ("rnn", "lstm"))
    rnn["model"]["settings"]["hidden"] = 32
    lstm["model"]["settings"]["hidden"] = 16
    lstm["training"]["batch"] = 4
    lstm["samples"]["every"] = 1
    by_hand = {"points": 10, "frames": 3, "updates": 4}
    values["demonstrations"]["line"]["settings"] |= {
        "points": 50, "steps": 40, "every": 10, "draws": 20, "by_hand": by_hand,
    }  # fmt: skip
    axes = {axis: {"low": low, "high": low + 3, "points": 9} for axis, low in (("w", 4), ("b", -4))}
    values["demonstrations"]["error_surface"]["settings"] |= {**axes, "updates": 5}
    values["demonstrations"]["powers"]["settings"] |= {"steps": 20, "hidden": 8}
    values["probes"] |= {
        "experiments": ["names_gru", "nietzsche_lstm", "hard_rnn"], "steps": 8, "records": 8,
    }  # fmt: skip


def names_alone(values: Any) -> None:
    """One corpus, one dataset, two trainings of some seconds, and no probes."""
    for part, wanted in (
        ("corpora", ("names",)),
        ("datasets", ("names_lecture",)),
        ("embedded", ()),
        ("demonstrations", ("powers",)),
        ("experiments", ("names_rnn", "names_gru")),
    ):
        values[part] = {name: values[part][name] for name in wanted}
    values["probes"] |= {"experiments": [], "clipped": [], "entities": []}
    for experiment in values["experiments"].values():
        experiment["training"]["epochs"] = 6
