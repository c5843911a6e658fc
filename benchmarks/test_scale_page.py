"""The page of what was measured: one machine's, and a size measured again leaves the others."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks import scale_page

UNITS = {"names": "names", "prose": "characters", "lyrics": "characters"}


def test_the_page_says_whether_memory_stays_within_bounds() -> None:
    row = {"corpus": "names", "times": 1.0, "records": 10, "stage": "clean", "seconds": 0.5}
    within, beyond = (
        scale_page.page(pd.DataFrame([{**row, "mebibytes": size}]), UNITS)
        for size in (100.0, scale_page.LIMIT + 1)
    )
    assert "no stage needs more" in within
    assert "not every stage stays below" in beyond
    assert "| names | 1 | 10 | clean | 0.5 | 50000.0 | 100 |" in within


def test_a_size_measured_again_leaves_the_others_as_they_are(
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
    assert "the most is 4 MiB (clean of 10 characters)" in page
    assert (tmp_path / "scale.svg").exists()
    assert "left out" not in capsys.readouterr().err
    monkeypatch.setattr(scale_page.machine, "described", lambda: "another machine")
    assert write("prose", 1, 5) == [("prose", 1, 5)], "a page is of one machine"
    assert "left out from now on: 6 lines" in capsys.readouterr().err
