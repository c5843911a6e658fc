"""The curves for `dvc plots`: of every training that has one, the mean over its seeds."""

from pathlib import Path

from recurrent.report.plots import curves


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.csv").write_text(text)


def test_a_curve_is_the_mean_over_the_seeds_at_each_epoch(tmp_path: Path) -> None:
    write(
        tmp_path, "gru", "seed,epoch,train_loss,gradient_norm\n0,1,4,8\n0,2,2,6\n1,1,6,4\n1,2,3,2\n"
    )
    write(tmp_path, "lstm", "seed,epoch,train_loss,valid_loss\n0,1,4,5\n0,2,3,4\n")
    found = curves(tmp_path, ["lstm", "gru"])
    assert found.fillna(-1).values.tolist() == [
        ["lstm", 1, 4, 5, -1],
        ["lstm", 2, 3, 4, -1],
        ["gru", 1, 5, -1, 6],
        ["gru", 2, 2.5, -1, 4],
    ]


def test_what_learnt_in_one_call_has_no_curve_and_what_is_no_training_none(tmp_path: Path) -> None:
    write(tmp_path, "counts", "seed,epoch,train_loss\n0,1,4\n")
    found = curves(tmp_path, ["counts", "clean/names.json"])
    assert found.empty
    assert list(found)[:2] == ["experiment", "epoch"]
