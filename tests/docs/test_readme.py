"""The numbers in README.md are those of the committed results."""

import re
from math import ceil

import pytest

from recurrent.common import files
from recurrent.evaluation.rows import Claim, Published, Score, read
from recurrent.evaluation.verdicts import GOOD
from tests.project import ROOT

README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
METRICS, UPSTREAM = ROOT / "metrics", ROOT / "metrics/upstream"
PUBLISHED = [row for row in read(UPSTREAM / "published.csv", Published) if row.verdict]


def good(lecture: str = "") -> str:
    rows = [row for row in PUBLISHED if row.lecture == lecture or not lecture]
    return f"{sum(row.verdict in GOOD for row in rows)} of {len(rows)}"


def holding(folder: str) -> str:
    rows = [row for row in read(ROOT / folder / "claims.csv", Claim) if row.verdict]
    return f"{sum(row.verdict == 'holds' for row in rows)} of {len(rows)} claims hold"


def score(name: str, metric: str, folder: str = "metrics/upstream") -> float:
    rows = read(ROOT / folder / "scores.csv", Score)
    return next(row.ours for row in rows if (row.name, row.metric) == (name, metric))


def test_claims_and_numbers_are_counted_as_in_the_tables() -> None:
    assert f"**Bundled corpora:** {holding('metrics')}" in README
    assert f"{good()} comparable numbers" in README
    assert holding("metrics/upstream") in README
    assert f"{good('nietzsche')} numbers are reproduced" in README
    perplexities = [row for row in PUBLISHED if row.lecture == "lyrics"]
    assert good("lyrics") == f"{len(perplexities)} of {len(perplexities)}"
    assert f"All {len(perplexities)} perplexities are reproduced" in README


@pytest.mark.parametrize(
    ("says", "name", "metric", "folder"),
    [
        (r"loss is ([\d.]+) nats", "nietzsche_rnn/held_out", "loss", "metrics/upstream"),
        (r"5-grams reach ([\d.]+)", "nietzsche_ngrams/order_5", "loss", "metrics/upstream"),
        (r"perplexities of ([\d,]+) and", "lyrics_gru/held_out", "perplexity", "metrics/upstream"),
        (r"and ([\d,]+); unigrams", "lyrics_lstm/held_out", "perplexity", "metrics/upstream"),
        (r"unigrams reach ([\d,]+)", "lyrics_ngrams/held_out_1", "perplexity", "metrics/upstream"),
        (r"nietzsche_rnn/held_out ([\d.]+)", "nietzsche_rnn/held_out", "loss", "metrics"),
        (r"nietzsche_ngrams/order_5 ([\d.]+)", "nietzsche_ngrams/order_5", "loss", "metrics"),
    ],
)
def test_scores_are_rounded_as_written(says: str, name: str, metric: str, folder: str) -> None:
    written = re.search(says, README)
    assert written is not None
    text = written[1].rstrip(".").replace(",", "")
    assert text == f"{score(name, metric, folder):.{len(text.partition('.')[2])}f}"


def test_times_are_those_of_the_benchmark() -> None:
    found = files.read_json(METRICS / "bench/first-run.json")
    for says, seconds in (
        (r"# (\d+) minutes: everything", found["pipeline_s"]),
        (r"activate # (\d+) minutes", found["environment_s"]),
    ):
        written = re.search(says, README)
        assert written is not None and int(written[1]) == ceil(seconds / 60)
    written = re.search(r"# (\d+) minutes on two cores", README)
    assert written is not None
    assert int(written[1]) == pytest.approx(found["replicate_s"] / 60, rel=0.05)
