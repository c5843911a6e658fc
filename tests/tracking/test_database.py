"""Where MLflow's database is, and that it is created completely or not at all."""

from pathlib import Path
from threading import Thread

import pytest

from recurrent.tracking.database import create_once, sqlite_file, tracking_uri


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("sqlite:///mlflow.db", "mlflow.db"),
        ("sqlite:////tmp/mlflow.db?timeout=1", "/tmp/mlflow.db"),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("postgresql://127.0.0.1/mlflow", None),
        ("http://127.0.0.1:5000", None),
    ],
)
def test_only_a_sqlite_database_is_a_file(uri: str, file: str | None) -> None:
    assert sqlite_file(uri) == (None if file is None else Path(file))


@pytest.mark.parametrize("inner", ["", ".dvc/tmp/exps/tmpabc", ".dvc/tmp/upstream"])
def test_experiments_and_clones_use_the_database_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inner: str
) -> None:
    (tmp_path / inner).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / inner)
    for variable, name in ((None, "mlflow.db"), ("sqlite:///mine.db", "mine.db")):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", variable or "")
        file = sqlite_file(tracking_uri())
        assert file is not None and not file.is_absolute()
        assert file.resolve() == tmp_path / name
    for other in ("http://127.0.0.1:5000", "sqlite:////elsewhere/mlflow.db"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", other)
        assert tracking_uri() == other


def write(uri: str) -> None:
    path = sqlite_file(uri)
    assert path is not None
    with path.open("x") as file:  # fails if a killed process has left its part
        file.write("whole")


def test_it_is_created_with_its_folder_and_only_once(tmp_path: Path) -> None:
    database = tmp_path / "new" / "mlflow.db"
    create_once(database, write)
    create_once(database, lambda _: pytest.fail("it exists"))
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


def test_a_creation_that_was_stopped_leaves_nothing_and_the_next_one_starts_again(
    tmp_path: Path,
) -> None:
    database = tmp_path / "mlflow.db"

    def stopped(uri: str) -> None:
        write(uri)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_once(database, stopped)
    assert not database.exists()
    (tmp_path / "mlflow.db.part-journal").write_text("half a step")
    create_once(database, write)
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]


def test_if_two_processes_start_together_only_one_creates_it(tmp_path: Path) -> None:
    database, creations = tmp_path / "mlflow.db", []

    def create(uri: str) -> None:
        creations.append(uri)
        other.start()
        other.join(0.3)
        write(uri)

    other = Thread(target=create_once, args=(database, create))
    create_once(database, create)
    other.join()
    assert len(creations) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
