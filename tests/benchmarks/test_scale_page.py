"""The page of the scale benchmark: one machine's rows, replaced one size at a time."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import machine, scale_page

UNITS = {"names": "names", "prose": "characters", "lyrics": "characters"}


def test_the_page_says_whether_memory_stays_within_the_limit() -> None:
    row = {"corpus": "names", "times": 1.0, "records": 10, "stage": "clean", "seconds": 0.5}
    within, beyond = (
        scale_page.page(pd.DataFrame([{**row, "mebibytes": size}]), UNITS)
        for size in (100.0, scale_page.LIMIT + 1)
    )
    assert "No stage needs more" in within
    assert "At least one stage needs more" in beyond
    assert "| names | 1 | 10 | clean | 0.5 | 50000.0 | 100 |" in within


def test_measuring_one_size_again_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scale_page, "OUT", tmp_path)

    def write(corpus: str, times: float, mebibytes: float) -> list[tuple[str, float, float]]:
        row = {"corpus": corpus, "times": times, "records": 10, "seconds": 0.5}
        both = [{**row, "stage": stage, "mebibytes": mebibytes} for stage in ("clean", "train")]
        scale_page.write(pd.DataFrame(both), UNITS)
        table = pd.read_csv(tmp_path / "scale.csv")
        first = table[table["stage"] == "clean"]
        return [*zip(first["corpus"], first["times"], first["mebibytes"], strict=True)]

    write("lyrics", 10, 1)
    write("lyrics", 0.1, 2)
    write("names", 0.1, 3)
    expected = [("names", 0.1, 3), ("lyrics", 0.1, 4), ("lyrics", 10, 1)]
    assert write("lyrics", 0.1, 4) == expected
    page = (tmp_path / "scale.md").read_text(encoding="utf-8")
    assert "The largest is 4 MiB: clean, 10 characters." in page
    assert (tmp_path / "scale.svg").exists()
    assert "removed" not in capsys.readouterr().err
    monkeypatch.setattr(machine, "describe", lambda: "another machine")
    assert write("prose", 1, 5) == [("prose", 1, 5)]
    assert "removed 6 rows measured on another machine" in capsys.readouterr().err
