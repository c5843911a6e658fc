"""The run store: where a run keeps its checkpoint while it trains and its files once it is done.

It also keeps evaluations of trained variants. It is in DVC's cache folder, so the workspace, queued
and temporary experiments, the clone of `recurrent replicate` and CI's cache share it. An entry is
found by its fingerprint, as a compiler cache finds an object file. The bytes do not depend on where
it was computed.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from platformdirs import site_config_dir, user_config_dir

from recurrent.common import files
from recurrent.common.console import note
from recurrent.common.locking import locked

FOLDER = "trained"  # not "runs": that is DVC's own run cache
LOCKS, DAMAGED = "locks", ".damaged"
MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint.safetensors"
WEIGHTS, MODEL = "weights.safetensors", "model.json"
HISTORY, GRADIENTS, FINDINGS, SAMPLES = (
    "history.csv", "gradients.csv", "findings.json", "samples.json",
)  # fmt: skip


FILES = (WEIGHTS, MODEL, HISTORY, GRADIENTS, FINDINGS, SAMPLES)


def cache_folder(project: Path = Path()) -> Path:
    """Return DVC's cache folder: `cache.dir` of its configuration, or .dvc/cache."""
    dvc = project / ".dvc"
    home = os.environ.get("DVC_GLOBAL_CONFIG_DIR") or user_config_dir("dvc", "iterative")
    machine = os.environ.get("DVC_SYSTEM_CONFIG_DIR") or site_config_dir("dvc", "iterative")
    for folder, name in (
        (dvc, "config.local"),
        (dvc, "config"),
        (home, "config"),
        (machine, "config"),
    ):
        parser = ConfigParser(interpolation=None, inline_comment_prefixes=("#",))
        try:
            parser.read(Path(folder, name), encoding="utf-8")
        except ConfigError:
            continue  # DVC itself reports a malformed file
        if parser.has_option("cache", "dir"):
            return Path(folder) / Path(parser.get("cache", "dir").strip("'\" ")).expanduser()
    return dvc / "cache"


class Damaged(Exception):
    """An entry of the store that is not as it was written."""


class RunStore:
    """Runs and evaluations by fingerprint, each in its own folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() / FOLDER if folder is None else folder

    def place(self, fingerprint: str) -> Path:
        """Return the folder of an entry, finished or not."""
        return self.folder / fingerprint

    def finished(self, fingerprint: str) -> bool:
        """Return whether an entry is finished, and every file is as it was written."""
        return self.about(fingerprint) is not None

    def about(self, fingerprint: str) -> dict[str, Any] | None:
        """Return what `finish` recorded of a finished entry; None for any other."""
        manifest = self._undamaged(fingerprint)
        return manifest and manifest["about"]

    def checksums(self, fingerprint: str) -> dict[str, str] | None:
        """Return the SHA-256 of each file of a finished entry; None for any other."""
        manifest = self._undamaged(fingerprint)
        return manifest and manifest["sha256"]

    @contextmanager
    def filling(self, fingerprint: str, title: str) -> Iterator[Path]:
        """Hold the lock of an entry while it is computed; a second process waits for it.

        A damaged entry is set aside with a warning first.
        """
        with locked(title, self._lock(fingerprint)):
            place = self.place(fingerprint)
            try:
                self._manifest(fingerprint)
            except Damaged as fault:
                aside = place.with_name(f"{place.name}{DAMAGED}")
                shutil.rmtree(aside, ignore_errors=True)
                place.replace(aside)
                note(f"warning: {title}: its entry {place} {fault}; moved to {aside.name}")
            place.mkdir(parents=True, exist_ok=True)
            yield place

    def finish(self, fingerprint: str, about: dict[str, Any], names: Sequence[str] = FILES) -> None:
        """Mark an entry as finished: write a manifest with the checksum of each file."""
        place = self.place(fingerprint)
        sums = {name: checksum(place / name) for name in names}
        content = {"fingerprint": fingerprint, "about": about, "sha256": sums}
        files.write_json(place / MANIFEST, content)  # an entry with a manifest is complete
        for path in place.iterdir():
            if path.name not in (*names, MANIFEST):
                path.unlink()

    def entries(self) -> list[str]:
        """Return the fingerprints of all entries, finished or not."""
        return sorted(path.name for path in self._folders() if not path.name.endswith(DAMAGED))

    def set_aside(self) -> list[Path]:
        """Return the folders of damaged entries."""
        return sorted(path for path in self._folders() if path.name.endswith(DAMAGED))

    def remove(self, fingerprint: str) -> bool:
        """Remove an entry, unless another process holds its lock; return whether it is gone."""
        try:
            with FileLock(self._lock(fingerprint), timeout=0):
                shutil.rmtree(self.place(fingerprint))
        except Timeout:
            return False
        return True

    def _folders(self) -> list[Path]:
        folders = self.folder.iterdir() if self.folder.exists() else ()
        return [path for path in folders if path.is_dir() and path.name != LOCKS]

    def _lock(self, fingerprint: str) -> Path:
        return self.folder / LOCKS / f"{fingerprint}.lock"

    def _undamaged(self, fingerprint: str) -> dict[str, Any] | None:
        """Return the manifest of a finished entry; None for any other."""
        try:
            return self._manifest(fingerprint)
        except Damaged:
            return None

    def _manifest(self, fingerprint: str) -> dict[str, Any] | None:
        """Return the manifest of a finished entry, checked against its files; None without one."""
        place = self.place(fingerprint)
        try:
            manifest: dict[str, Any] = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
            if manifest["fingerprint"] != fingerprint:
                raise Damaged("belongs to another entry")
            for name, expected in manifest["sha256"].items():
                if checksum(place / name) != expected:
                    raise Damaged(f"has a damaged {name}")
        except FileNotFoundError as missing:
            if missing.filename == str(place / MANIFEST):
                return None
            raise Damaged(f"lacks {missing.filename}") from missing
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as fault:
            raise Damaged(f"cannot be read ({fault})") from fault
        return {"about": {}, **manifest}


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
