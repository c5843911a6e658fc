"""The tables that training writes: on disk at once, and read back as they were written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.tracking import history
from recurrent.tracking.history import GRADIENTS, HISTORY, Finding, Row, Table, read_table
from tests.tracking.toy import EXPLODED, STEPS


def test_each_row_is_on_disk_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "new/history.csv"
    with Table(path, HISTORY) as table:
        table.append({"epoch": 1, "train_loss": 0.5})
        assert read_table(path) == [{"epoch": 1, "train_loss": 0.5}]
        table.append({"epoch": 2, "train_loss": 0.25})
    assert [row["epoch"] for row in read_table(path)] == [1, 2]


def test_small_numbers_keep_their_digits(tmp_path: Path) -> None:
    with Table(tmp_path / "a.csv", HISTORY) as table:
        table.append({"epoch": 1, "large": 1234.5, "small": 0.0000123456, "none": 0.0})
    assert (tmp_path / "a.csv").read_text() == (
        "epoch,large,small,none\n1,1234.500000,1.235e-05,0.000000\n"
    )


def test_a_table_without_rows_has_a_header(tmp_path: Path) -> None:
    with Table(tmp_path / "a.csv", GRADIENTS):
        pass
    assert (tmp_path / "a.csv").read_text() == "epoch,step,total\n"
    history.write_gradients(tmp_path / "b.csv", [])
    assert (tmp_path / "b.csv").read_text() == "seed,epoch,step,total\n"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_a_table_that_is_read_and_written_again_is_the_same(
    scratch: Path, losses: list[float]
) -> None:
    one, again, third = (scratch / f"{name}.csv" for name in ("one", "again", "third"))
    with Table(one, HISTORY) as table:
        for epoch, loss in enumerate(losses, 1):
            table.append({"epoch": epoch, "train_loss": loss})
    for source, target in ((one, again), (again, third)):
        history.write_history(target, [("lecture", 0, _without_keys(read_table_of(source)))])
    assert again.read_bytes() == third.read_bytes()


def read_table_of(path: Path) -> list[Row]:
    """The rows of a run's table, or of an experiment's with one variant."""
    text = path.read_text().replace("variant,", "").replace("lecture,", "")
    path.with_suffix(".part").write_text(text)
    return read_table(path.with_suffix(".part"))


def _without_keys(rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "seed"} for row in rows]


def test_variants_may_lack_columns_and_the_longest_row_orders_them(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    runs: list[tuple[str, int, list[Row]]] = [
        ("null", 0, [{"epoch": 1, "train_loss": 0.5, "gradient_norm": 2.0}]),
        ("held_out", 1, [{"epoch": 1, "train_loss": 0.5, "valid_loss": 1.0, "gradient_norm": 3.0}]),
    ]
    history.write_history(path, runs)
    assert path.read_text().splitlines() == [
        "variant,seed,epoch,train_loss,valid_loss,gradient_norm",
        "null,0,1,0.500000,,2.000000",
        "held_out,1,1,0.500000,1.000000,3.000000",
    ]
    frame = history.read_history(path)
    assert [*frame["variant"]] == ["null", "held_out"]
    assert frame["valid_loss"].isna().tolist() == [True, False]
    assert frame["epoch"].tolist() == [1, 1]


def test_gradients_read_back(tmp_path: Path) -> None:
    path = tmp_path / "gradients.csv"
    history.write_gradients(path, [(1, STEPS)])
    assert path.read_text().splitlines()[2] == "1,3,51,0.0021,2e-09"
    frame = history.read_gradients(path)
    assert frame.drop(columns="seed").to_dict("records") == STEPS
    assert frame["seed"].tolist() == [1, 1]


def test_findings_read_back_and_say_what_is_wrong_in_a_line(tmp_path: Path) -> None:
    nan = Finding("nan", 1, 3, "train_loss", None)
    history.write_findings(tmp_path / "a.json", {0: [], 1: [EXPLODED, nan]})
    findings = history.read_findings(tmp_path / "a.json")
    assert findings == [(1, EXPLODED), (1, nan)]
    assert history.health(findings) == (
        "seed 1: the gradient of W_hh explodes at step 812 (epoch 2): norm 3.2e+04; 7 steps in "
        "all; seed 1: train_loss is NaN or infinite at step 3 (epoch 1)"
    )
    assert history.health([]) == "healthy"


def test_a_table_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.csv"
    history.write_history(path, [("lecture", 0, [{"epoch": 1, "train_loss": 1.0}])])
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        history.write_history(path, [])
    assert path.read_bytes() == before
