"""The run store: where a run keeps its checkpoint while it trains and its files once it is done.

It is in DVC's cache folder, so the workspace, queued and temporary experiments, the clone of
`recurrent replicate` and CI's cache share it. A run is found by its fingerprint, as a compiler
cache finds an object file. The bytes do not depend on where it was trained.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recurrent import files
from recurrent.console import note
from recurrent.locking import locked

FOLDER = "trained"  # not "runs": that is DVC's own run cache
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS, MODEL = "weights.safetensors", "model.json"
HISTORY, GRADIENTS, FINDINGS, SAMPLES = (
    "history.csv", "gradients.csv", "findings.json", "samples.json",
)  # fmt: skip


def cache_folder(project: Path = Path()) -> Path:
    """Return DVC's cache folder: `cache.dir` of its configuration, or .dvc/cache."""
    dvc = project / ".dvc"
    for name in ("config.local", "config"):
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(dvc / name, encoding="utf-8")
        except ConfigError:
            continue  # DVC itself reports a malformed file
        if parser.has_option("cache", "dir"):
            return dvc / parser.get("cache", "dir").strip("'\" ")
    return dvc / "cache"


class RunStore:
    """Runs by fingerprint, each in its own folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() / FOLDER if folder is None else folder

    def place(self, fingerprint: str) -> Path:
        """Return the folder of a run, finished or not."""
        return self.folder / fingerprint

    def finished(self, fingerprint: str) -> Path | None:
        """Return the folder of a finished run, or None. Set a damaged one aside with a warning."""
        place = self.place(fingerprint)
        if not (place / MANIFEST).exists():
            return None
        fault = self._fault(place, fingerprint)
        if fault is None:
            return place
        aside = place.with_name(f"{place.name}.damaged")
        shutil.rmtree(aside, ignore_errors=True)
        place.replace(aside)
        note(f"warning: run {place.name[:12]} in {self.folder} {fault}; moved to {aside.name}")
        return None

    def about(self, fingerprint: str) -> dict[str, Any]:
        """Return what was recorded about a finished run: variant, seed, device and seconds."""
        about: dict[str, Any] = files.read_json(self.place(fingerprint) / MANIFEST)["about"]
        return about

    def finish(self, fingerprint: str, about: dict[str, Any]) -> None:
        """Mark a run as finished: write a manifest with the checksum of each file."""
        place = self.place(fingerprint)
        (place / CHECKPOINT).unlink(missing_ok=True)
        names = sorted(path.name for path in place.iterdir() if path.name != MANIFEST)
        sums = {name: checksum(place / name) for name in names}
        content = {"fingerprint": fingerprint, "about": about, "sha256": sums}
        files.write_json(place / MANIFEST, content)  # written last: a folder with it is complete

    @contextmanager
    def training(self, fingerprint: str, title: str) -> Iterator[Path]:
        """Hold the lock of a run while it trains; a second process waits until it is released."""
        place = self.place(fingerprint)
        place.mkdir(parents=True, exist_ok=True)
        with locked(f"run {title}", self.folder / f"{fingerprint}.lock"):
            yield place

    def prune(self, keep: set[str]) -> list[Path]:
        """Remove all other runs; return their folders."""
        if not self.folder.exists():
            return []
        removed = []
        for path in sorted(self.folder.iterdir()):
            if path.is_dir() and path.name not in keep:
                shutil.rmtree(path)
                removed.append(path)
            elif path.suffix == ".lock" and path.stem not in keep:
                path.unlink()
        return removed

    @staticmethod
    def _fault(place: Path, fingerprint: str) -> str | None:
        """Return what is wrong with a finished run, or None."""
        try:
            manifest = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
            if manifest["fingerprint"] != fingerprint:
                return "belongs to another run"
            for name, expected in manifest["sha256"].items():
                if checksum(place / name) != expected:
                    return f"has a damaged {name}"
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as fault:
            return f"cannot be read ({fault})"
        return None


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
