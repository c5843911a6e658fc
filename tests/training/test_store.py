"""The run store: what is finished is whole, and what is damaged is set aside."""

from pathlib import Path

import pytest

from recurrent.training.store import CHECKPOINT, MANIFEST, RunStore, cache_folder

RUN, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A store with one finished run."""
    made = RunStore(tmp_path / "runs")
    with made.training(RUN, "toy") as folder:
        (folder / "weights.safetensors").write_bytes(b"weights")
        (folder / CHECKPOINT).write_bytes(b"checkpoint")
        assert made.finished(RUN) is None
        made.finish(RUN, {"device": "cpu"})
    return made


def test_a_finished_run_has_its_files_and_no_checkpoint(store: RunStore) -> None:
    place = store.finished(RUN)
    assert place is not None
    assert {path.name for path in place.iterdir()} == {"weights.safetensors", MANIFEST}
    assert store.about(RUN) == {"device": "cpu"}
    assert store.finished(OTHER) is None


@pytest.mark.parametrize("damage", ["changed", "missing", "no manifest", "foreign"])
def test_a_damaged_or_foreign_run_is_set_aside(
    store: RunStore, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = store.place(RUN)
    if damage == "changed":
        (place / "weights.safetensors").write_bytes(b"weightz")
    elif damage == "missing":
        (place / "weights.safetensors").unlink()
    elif damage == "no manifest":
        (place / MANIFEST).write_text("{")
    else:
        place.rename(store.place(OTHER))
    name = OTHER if damage == "foreign" else RUN
    assert store.finished(name) is None
    assert "warning: run" in capsys.readouterr().err
    assert not store.place(name).exists()
    assert store.place(name).with_name(f"{name}.damaged").exists()


def test_prune_removes_all_other_runs(store: RunStore) -> None:
    with store.training(OTHER, "toy") as folder:
        (folder / CHECKPOINT).write_bytes(b"checkpoint")
    assert store.prune({RUN}) == [store.place(OTHER)]
    assert store.finished(RUN) and not store.place(OTHER).exists()


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
