"""Two made-up lectures, and the lines of the table about them."""

from typing import Any

from recurrent.evaluation.lectures import Comparison, Lecture
from recurrent.evaluation.lectures import Figure as Printed

HOSTILE = "<script>alert(1)</script>"
SPLIT = "held-out, the last 99 characters"
LECTURE = Lecture(
    title="长短期记忆 — a lecture of perplexities (made up)",
    headline="loss",
    better="lower",
    rows=["C1", "C2", "C+"],
    own_row="C+",
    figures=[
        Printed(
            row="C1",
            metric="train_perplexity",
            epoch=4,
            printed=2.0,
            tolerance=0.1,
            better="lower",
            experiment="net",
        ),
        Printed(
            row="C1",
            metric="train_perplexity",
            epoch=2,
            printed=9.0,
            tolerance=0.1,
            better="lower",
            experiment="net",
        ),
        Printed(
            row="C2",
            metric="train_perplexity",
            epoch=4,
            printed=3.0,
            tolerance=0.1,
            better="lower",
            experiment="deep",
        ),
        Printed(
            row="C2",
            metric="valid_loss",
            epoch=4,
            printed=3.0,
            void="one character's loss",
            experiment="deep",
        ),
        Printed(row="C2", metric="get_next('th')", prefix="th", printed="the", experiment="net"),
    ],
    comparisons=[
        Comparison(
            row="C2",
            title="how deep: perplexity",
            metric="train_perplexity",
            epoch=4,
            columns=["plain", "residual"],
            rows={"1 layer": ["net", None], "2 layers": ["deep", "residual"]},
        ),
    ],
    caveats={"C1": "All of C is measured on the text that trains the network (困惑度)."},
)
EPOCH_2, EPOCH_4 = "train_perplexity, epoch 2", "train_perplexity, epoch 4"
DEPTH = "how deep: perplexity"
LINES: list[tuple[Any, ...]] = [
    (
        "C1",
        "net",
        "{}",
        "lecture",
        EPOCH_4,
        2.0,
        2.05,
        0.01,
        3,
        "",
        "reproduced",
    ),
    ("C1", "net", "{}", "lecture", EPOCH_2, 9.0, 7.0, 0.1, 3, "", "better"),
    (
        "C2",
        "deep",
        "{}",
        "lecture",
        EPOCH_4,
        3.0,
        3.5,
        0.1,
        3,
        "",
        "not reproduced",
    ),
    (
        "C2",
        "deep",
        "{}",
        "lecture",
        "valid_loss, epoch 4",
        3.0,
        3.5,
        0.1,
        3,
        "",
        "no verdict: one character's loss",
    ),
    (
        "C2",
        "net",
        "{}",
        "lecture",
        "get_next('th')",
        "the",
        "th" + HOSTILE,
        "",
        3,
        "",
        "not reproduced (1 of 3 seeds write this)",
    ),
    ("C1", "net", "{}", SPLIT, "loss", "", 1.5, 0.01, 3, 1.0, "beats bigram (+0.5000 ± 0.0100)"),
    ("C1", "net", "{}", SPLIT, "perplexity", "", 4.48, 0.04, 3, 2.718, ""),
    ("C2", "deep", "{}", SPLIT, "loss", "", 2.5, 0.01, 3, 1.0, "behind bigram (-0.5000 ± 0.0100)"),
    ("C+", "residual", "{}", SPLIT, "loss", "", 1.9, "", 1, 1.0, "level with bigram (+0.1 ± 0.1)"),
    ("C+", "bigram", "{}", SPLIT, "loss", "", 2.0, "", 1, 1.0, "baseline"),
    (
        "C2",
        "net",
        "{}",
        DEPTH,
        EPOCH_4,
        "",
        2.05,
        0.01,
        3,
        "",
        "",
    ),
    (
        "C2",
        "deep",
        "{}",
        DEPTH,
        EPOCH_4,
        "",
        276.0,
        "",
        1,
        "",
        "",
    ),
]
COMPUTED = (
    "A8",
    "line",
    "no corpus",
    "lecture",
    "loss, step 1000",
    0.6,
    0.7,
    0.1,
    9,
    "",
    "reproduced",
)
HARD = Lecture(
    title="RNN训练难题 — made up",
    headline="loss",
    better="lower",
    rows=["A8", "D1"],
    own_row="D1",
    figures=[Printed(row="A8", metric="loss, step 1000", printed=0.6, report="a.json")],
    caveats={"A8": "The lecture draws at random."},
)


def lectures() -> dict[str, Lecture]:
    return {"lyrics": LECTURE}
