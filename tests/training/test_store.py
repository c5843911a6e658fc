"""The run store: what is finished is whole, and what is damaged is set aside."""

import subprocess
import sys
from pathlib import Path

import pytest

from recurrent.training.store import (
    CHECKPOINT,
    FILES,
    LOCKS,
    MANIFEST,
    WEIGHTS,
    RunStore,
    cache_folder,
)

RUN, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store with one finished run."""
    made = RunStore(tmp_path / "trained")
    with made.filling(RUN, "toy") as folder:
        for name in (*FILES, CHECKPOINT, "checkpoint.damaged"):
            (folder / name).write_bytes(name.encode())
        assert not made.finished(RUN)
        made.finish(RUN, {"device": "cpu"})
    return made


def test_a_finished_run_has_its_files_and_nothing_else(store: RunStore) -> None:
    assert store.finished(RUN)
    assert {path.name for path in store.place(RUN).iterdir()} == {*FILES, MANIFEST}
    assert store.about(RUN) == {"device": "cpu"}
    assert not store.finished(OTHER) and store.about(OTHER) is None


def test_a_run_that_lacks_a_file_is_not_finished(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "trained")
    with store.filling(RUN, "toy") as folder:
        (folder / CHECKPOINT).write_bytes(b"checkpoint")
        with pytest.raises(FileNotFoundError):
            store.finish(RUN, {})
    assert not store.finished(RUN) and (store.place(RUN) / CHECKPOINT).exists()


@pytest.mark.parametrize("damage", ["changed", "missing", "no manifest", "foreign"])
def test_a_damaged_or_foreign_run_is_set_aside(
    store: RunStore, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = store.place(RUN)
    if damage == "changed":
        (place / WEIGHTS).write_bytes(b"weightz")
    elif damage == "missing":
        (place / WEIGHTS).unlink()
    elif damage == "no manifest":
        (place / MANIFEST).write_text("{")
    else:
        place.rename(store.place(OTHER))
    name = OTHER if damage == "foreign" else RUN
    assert not store.finished(name)
    assert store.place(name).exists()  # asking moves nothing: another process may train there
    with store.filling(name, "toy") as folder:
        assert [*folder.iterdir()] == []
    assert "warning: toy" in capsys.readouterr().err
    assert store.set_aside() == [place.with_name(f"{name}.damaged")]


def test_a_run_is_removed_unless_another_process_trains_it(store: RunStore) -> None:
    assert store.entries() == [RUN]
    lock = store.folder / LOCKS / f"{RUN}.lock"
    code = (
        "from filelock import FileLock\n"
        f"with FileLock({str(lock)!r}):\n"
        "    print(1, flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert not store.remove(RUN)
        other.communicate(b"\n")
    assert store.remove(RUN)
    assert store.entries() == []


@pytest.mark.parametrize(
    ("config", "local", "expected"),
    [
        ("", "", ".dvc/cache"),
        ("[core]\n    analytics = false\n[cache]\n    dir = /shared/cache\n", "", "/shared/cache"),
        ("[cache]\n    dir = /shared\n", "[cache]\n    dir = ../own\n", ".dvc/../own"),
        ("no configuration", "", ".dvc/cache"),
    ],
)
def test_the_store_is_in_dvcs_cache(config: str, local: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text(config)
    (tmp_path / ".dvc/config.local").write_text(local)
    assert cache_folder(tmp_path) == tmp_path / expected
