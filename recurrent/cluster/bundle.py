"""Files to send to another machine, with their checksums."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from recurrent.common import files
from recurrent.common.errors import PipelineError


@dataclass(frozen=True)
class FileBundle:
    """The content and the SHA-256 of some files of one folder, by name."""

    content: Mapping[str, bytes]
    sha256: Mapping[str, str]

    @classmethod
    def pack(cls, folder: Path, names: Iterable[str]) -> Self:
        """Read files of a folder."""
        content = {name: (folder / name).read_bytes() for name in names}
        return cls(content, {name: digest(one) for name, one in content.items()})

    def unpack(self, folder: Path) -> None:
        """Check all files, then write them into a folder."""
        damaged = [name for name, one in self.content.items() if digest(one) != self.sha256[name]]
        if damaged:
            raise PipelineError(
                f"{', '.join(damaged)} changed on the way.",
                where=str(folder),
                remedy="Run this again: finished runs are kept.",
            )
        for name, one in self.content.items():
            files.write_bytes(folder / name, one)


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
