"""A project folder for tests: the real parameter files, changed where a test asks."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
ABSENT = object()  # as a new value: remove the key


@dataclass(frozen=True)
class Project:
    """The folder that a stage runs in."""

    folder: Path

    @classmethod
    def copied_to(cls, folder: Path) -> "Project":
        for name in ("params.yaml", "params.upstream.yaml", "lectures.yaml", "beyond/params.yaml"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        return cls(folder)

    @property
    def params(self) -> Path:
        return self.folder / "params.yaml"

    def edit(self, changes: dict[str, object]) -> None:
        """Set keys of params.yaml, named as `corpora.names.own`; missing sections are made."""
        yaml = YAML(typ="safe")
        values = yaml.load(self.params.read_text(encoding="utf-8"))
        for place, value in changes.items():
            *parents, last = place.split(".")
            section: dict[str, Any] = values
            for parent in parents:
                section = section.setdefault(parent, {})
            if value is ABSENT:
                del section[last]
            else:
                section[last] = value
        with self.params.open("w", encoding="utf-8") as file:
            yaml.dump(values, file)

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def listing(self, under: str = ".") -> set[str]:
        """Every file below a folder."""
        folder = self.folder / under
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
