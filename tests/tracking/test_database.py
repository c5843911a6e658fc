"""A database of ours is there whole or not at all, whoever is killed while it is made."""

from pathlib import Path
from threading import Thread

import pytest

from recurrent.tracking.database import file_of, made_whole


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
def test_only_a_database_of_sqlite_is_a_file(uri: str, file: str | None) -> None:
    assert file_of(uri) == (None if file is None else Path(file))


def write(uri: str) -> None:
    path = file_of(uri)
    assert path is not None
    with path.open("x") as file:  # fails where a killed one left its half
        file.write("whole")


def test_it_is_made_with_its_folder_and_only_once(tmp_path: Path) -> None:
    database = tmp_path / "new" / "mlflow.db"
    made_whole(database, write)
    made_whole(database, lambda _: pytest.fail("it is there"))
    assert [path.name for path in database.parent.iterdir()] == ["mlflow.db"]


def test_a_making_that_stopped_leaves_the_place_empty_and_the_next_one_begins_anew(
    tmp_path: Path,
) -> None:
    database = tmp_path / "mlflow.db"

    def half(uri: str) -> None:
        write(uri)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_whole(database, half)
    assert not database.exists()
    (tmp_path / "mlflow.db.part-journal").write_text("half a step")
    made_whole(database, write)
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    assert database.read_text() == "whole"


def test_of_two_that_start_together_one_makes_it(tmp_path: Path) -> None:
    database, makers = tmp_path / "mlflow.db", []

    def make(uri: str) -> None:
        makers.append(uri)
        other.join(0.3)
        write(uri)

    other = Thread(target=made_whole, args=(database, make))
    first = Thread(target=made_whole, args=(database, lambda uri: (other.start(), make(uri))))
    first.start()
    first.join()
    other.join()
    assert len(makers) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
