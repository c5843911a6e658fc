"""A small project with every result that a report can show, made up."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from recurrent.common import files, paths
from recurrent.evaluation.rows import Claim, Comparison, Published, Score, write
from recurrent.tracking.history import Finding, write_findings

HOSTILE = "<script>alert(1)</script>|`\n"
RECORDS = "prose, the last 99 of 990 characters"
MAIN, BEYOND = paths.PIPELINES["lectures"], paths.PIPELINES["beyond"]
CORPUS = {"kind": "text", "synthetic": {"seed": 0, "size": 990, "grammar": "prose"}}
DATASET = {"corpus": "prose", "kind": "text"}
DESCENT = {"optimizer": "adam", "learning_rate": 0.1, "epochs": 6, "batch_size": 4}


def experiment(lecture: str, title: str, *variants: str, method: str = "") -> dict[str, Any]:
    return {
        "lecture": lecture,
        "title": title,
        "dataset": "windows",
        "also": "windows",
        "task": "next_token",
        "model": {"module": "nietzsche", "name": "CharRnn"},
        "training": {"method": method} if method else DESCENT,
        "seeds": [0, 1, 2],
        "variants": {variant: {} for variant in variants},
    }


PARAMS = {
    "source": "bundled",
    "corpora": {"prose": CORPUS},
    "datasets": {"windows": DATASET},
    "experiments": {
        "nets": experiment("nietzsche", "A1 · networks", "plain", "deep"),
        "counts": experiment("nietzsche", "A · n-grams", "bigram", method="fit"),
        "clip": experiment("hard", "D2 · clipping", "unclipped"),
        "sales": experiment("entities", "A10 · sales", "embeddings"),
    },
}
MORE = {"experiments": {"repaired": experiment("nietzsche", "repairs", "residual")}}
ROW = {"lecture": "nietzsche", "row": "A1"}
HARD = {
    "title": "RNN 训练难题 — made up",
    "given_by": "nobody",
    "headline": "loss",
    "better": "lower",
    "rows": {"D2": "clipping"},
    "default_row": "D2",
    "published": [],
}
LECTURES = {
    "nietzsche": HARD
    | {
        "title": "困惑度 — a lecture & more",
        "short": "Perplexity",
        "shows": "Networks lose less than *counting*.",
        "found": {"bundled": "They do here.", "upstream": "They do there."},
        "names": {"nets/plain": "plain network", "nets/deep": "deep network"},
        "rows": {"A1": "networks", "A8": "descent on a line"},
        "default_row": "A1",
        "published": [{"row": "A1", "metric": "perplexity", "models": {"nets/plain": 2}}],
        "tables": [
            {
                "row": "A1",
                "title": "how deep",
                "metric": "train_perplexity",
                "epoch": 4,
                "last": 2,
                "columns": ["plain", "residual"],
                "rows": {
                    "1 layer": ["nets/plain", None],
                    "2 layers": ["nets/deep", "repaired/residual"],
                },
                "reference": "counts/bigram",
            },
            {
                "row": "A1",
                "title": "who counts",
                "metric": "loss",
                "columns": ["network", "n-grams"],
                "rows": {"all": ["nets/plain", "counts/bigram"]},
            },
        ],
        "caveats": {"A1": f"Mind *this* {HOSTILE}"},
    },
    "entities": HARD,
    "hard": HARD,
}


def table(path: Path, head: str, rows: Iterable[Iterable[Any]]) -> None:
    """Write a csv file whose columns are the words of `head`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head.split())
        writer.writerows(rows)


def published(**changes: Any) -> Published:
    """A published number and ours."""
    row = {
        **dict.fromkeys(Published._fields),
        **ROW,
        "id": "A1.train_perplexity.epoch_4",
        "experiment": "nets",
        "variant": "plain",
        "seeds": 3,
        "metric": "train_perplexity",
        "epoch": 4,
        "split": "train",
        "source": "upstream",
        "published": 2.0,
        "ours": 2.05,
        "sd": 0.01,
        "verdict": "reproduced",
        **Published._field_defaults,
    }
    return Published(**row | changes)


def score(name: str = "nets/plain", ours: float = 1.5, **changes: Any) -> Score:
    """A score of a variant."""
    experiment, variant = name.split("/")
    row = {
        **dict.fromkeys(Score._fields),
        **ROW,
        "experiment": experiment,
        "variant": variant,
        "method": "fit" if experiment == "counts" else "descent",
        "source": "bundled",
        "split": "test",
        "records": RECORDS,
        "count": 99,
        "metric": "loss",
        "ours": ours,
        "sd": 0.01,
        "seeds": 3,
        "bayes": 1.0,
        **Score._field_defaults,
    }
    return Score(**row | changes)


def comparison(**changes: Any) -> Comparison:
    """A network against the bigrams."""
    row: dict[str, Any] = {
        "kind": "baseline",
        "lecture": "nietzsche",
        "experiment": "nets",
        "variant": "plain",
        "rival": "counts/bigram",
        "split": "test",
        "metric": "loss",
        "ensemble": False,
        "difference": 0.5,
        "standard_error": 0.1,
        "verdict": "better",
    }
    return Comparison(**row | changes)


def claim(**changes: Any) -> Claim:
    """A claim that holds."""
    row: dict[str, Any] = {
        "id": "three_beat_two",
        "lecture": "nietzsche",
        "row": "A1",
        "statement": "Networks lose less than counts",
        "measured": "loss of the network minus that of the counts",
        "unit": "nats per character",
        "value": -0.5,
        "low": -0.7,
        "high": -0.3,
        "relation": "below",
        "bound": 0.0,
        "seeds": 3,
        "source": "bundled",
        "models": "nets/plain counts/bigram",
        "verdict": "holds",
        "reason": None,
    }
    return Claim(**row | changes)


CLAIMS = (
    claim(),
    claim(id="deeper", value=0.1, low=-0.1, high=0.3, seeds=1, verdict="undecided"),
    claim(id="wall", statement=f"A {HOSTILE}", verdict="fails", reason="the corpus is short"),
    claim(id="clip", lecture="hard", value=None, verdict=None, reason="not run"),
)
PUBLISHED = (
    published(),
    published(epoch=2, published=9.0, ours=7.0, verdict="within seed noise"),
    published(variant="deep", published=3.0, ours=3.5, verdict="differs"),
    published(metric="valid_loss", ours=0.4, verdict=None, reason="one character's loss"),
    published(metric="get_next", epoch=None, published="the", ours="th" + HOSTILE, agree=2),
    published(row="A8", metric="loss at step 1000", published=0.6, ours=0.7, low=0.1, high=0.9),
)
SCORES = (
    score(),
    score("nets/deep", 2.5, sd=None, seeds=1),
    score("counts/bigram", 2.0, sd=None, seeds=1),
    score(metric="perplexity", ours=4.48, ensemble=4.2, bayes=2.718),
)
COMPARISONS = (
    comparison(),
    comparison(variant="deep", difference=-0.5, verdict="worse"),
    comparison(kind="held_out", rival="nets/deep", standard_error=None, verdict=None, sd=0.2),
)


def settings(folder: Path, source: str = "bundled") -> None:
    for name, value in {
        paths.PARAMS: {**PARAMS, "source": source},
        paths.BEYOND_PARAMS: MORE,
        paths.LECTURES: LECTURES,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(value), encoding="utf-8")  # JSON is YAML


def runs(folder: Path, source: str) -> None:
    """Histories, gradients, findings, evaluations and samples."""
    for results, key, variants in (
        (MAIN, "nets", ("plain", "deep")),
        (MAIN, "clip", ("unclipped",)),
        (BEYOND, "repaired", ("residual",)),
    ):
        losses = [
            (v, seed, epoch, 5 / epoch + n + seed / 10, 4 / epoch + n, 1 / epoch)
            for n, v in enumerate(variants)
            for seed in range(3)
            for epoch in range(1, 7)
        ]
        head = "variant seed epoch train_loss valid_loss gradient_norm"
        table(folder / results.history(key), head, losses)
        for variant in variants:
            steps = [(s, 1, n, 2 / n, 1 / n, 0.5) for s in (0, 1) for n in range(1, 100)]
            head = "seed epoch step total cell.w out.w"
            table(folder / results.gradients(key, variant), head, steps)
            found = [Finding("exploding", 1, 3, "cell.w", 1e9), Finding("nan", 2, 9, "loss", None)]
            path = folder / results.findings(key, variant)
            write_findings(path, {0: found if variant == "deep" else []})
            origin = {"origin": {"source": source, "name": source}}
            files.write_json(folder / results.evaluation(key, variant), origin)
    texts = {"分开": f"分开的{HOSTILE}月亮"}
    early = {"0": {"2": {"分开": "分开的的"}}}
    written = {"by_seed": {"0": texts, "1": texts}, "while_training": early}
    drawn = {"drawn": {"0": {"分开": "分开就太阳"}}, "temperature": 0.8}
    files.write_json(folder / MAIN.samples("nets", "plain"), {**written, **drawn})
    answer = {"name": "王小红", "label": "女", "answer": "男", "probability": 0.98}
    gap = {"text": "豪迈的□蚁", "hidden": "蚂", "answer": "的"}
    answers = {"right": [answer], "wrong": [answer], "restored": [gap]}
    files.write_json(folder / MAIN.samples("nets", "deep"), answers)


def studies(folder: Path) -> None:
    line, surface, powers = (
        folder / paths.study(name) for name in ("line", "error_surface", "powers")
    )
    losses = [(s, 80 / (1 + s), 0.08, 60 / (1 + s), 100 / (1 + s)) for s in range(0, 9000, 1000)]
    table(line / "losses.csv", "step loss low median high", losses)
    table(line / "points.csv", "x y", [(n / 20, 3 * n / 20 + 8) for n in range(20)])
    frames = [(n, n / 2 - 1, 1 + n, 80 / (n + 1)) for n in range(8)]
    table(line / "by_hand.csv", "frame a b loss", frames)
    pictures = [Image.new("L", (60, 40), shade) for shade in (40, 200)]
    pictures[0].save(line / "by_hand.gif", save_all=True, append_images=pictures[1:])
    grid = [(w / 5, b / 5, abs(w + b)) for w in range(15, 32) for b in range(-15, 3)]
    table(surface / "surface.csv", "w b error", grid)
    descents = ("plain", "clipped")
    steps = [(of, n, 5 - n / 10, -2, 1 / (n + 1), 1 + n) for of in descents for n in range(9)]
    table(surface / "paths.csv", "descent step w b error gradient_norm", steps)
    growth = [(s, f, f**s, 2 * f**s, f**s) for f in (0.99, 1.01) for s in range(0, 366, 5)]
    table(powers / "powers.csv", "step factor scalar matrix_norm orthogonal_norm", growth)


def examined(folder: Path) -> None:
    def write(name: str, head: str, rows: Iterable[tuple[Any, ...]]) -> None:
        named = (("nets", "plain", *row) for row in rows)
        table(folder / MAIN.examined / f"{name}.csv", f"experiment variant {head}", named)

    whens = {"before": 0.5, "after": 0.9}
    flow = [
        (when, "prose", state, n, rate**n, rate**n / 2, 2 * rate**n, bound and rate**n)
        for when, rate in whens.items()
        for state, bound in {"h": 1, "c": ""}.items()
        for n in range(1, 9)
    ]
    write("gradient_flow", "when corpus state back gradient low high bound", flow)
    values = [(when, m, n, 2 / n) for when in whens for m in ("r", "z") for n in range(1, 9)]
    write("spectra", "when matrix rank singular_value", values)
    head = "when decay largest_singular_value spectral_radius"
    write("summary", head, [("before", "", 1.2, 1.0), ("after", 0.9, 1.2, 1.0)])
    ways = "norm_global cosine_global norm_each cosine_each norm_last cosine_last"
    steps = [(at, 0, s, 20 / s, 1, 1, 9 / s, 0.9, 19, 0.99) for at in (1, 99) for s in range(1, 40)]
    write("clipping", f"threshold seed step norm {ways}", steps)
    levels: list[tuple[Any, ...]] = [
        ("state", "NA", 0.1, 0.2, 0.8, 0),
        ("state", "$a_$<b>", -0.3, 0.1, 0.8, 0),
    ]
    levels += [("store", n, n / 40, -n / 40, 0.5, 0) for n in range(40)]
    write("embeddings", "column level first second share seed", levels)
    pairs = [("state", "NA", "BY", 0.4, 300.0, 0), ("state", "NA", "HE", 0.6, 500.0, 0)]
    write("embedding_distances", "column one other learned true seed", pairs)
    write("embedding_ranks", "seed column spearman", [(0, "state", 0.6), (1, "state", 0.5)])


def project(folder: Path, source: str = "bundled") -> Path:
    """Write a project whose corpus comes from `source`."""
    settings(folder, source)
    write(folder / MAIN.published, Published, (row._replace(source=source) for row in PUBLISHED))
    write(folder / MAIN.scores, Score, (row._replace(source=source) for row in SCORES))
    write(folder / MAIN.comparisons, Comparison, COMPARISONS)
    write(folder / MAIN.claims, Claim, (row._replace(source=source) for row in CLAIMS))
    write(folder / BEYOND.scores, Score, [score("repaired/residual", 1.2, source=source)])
    report = {"origin": {"source": source, "name": source}, "characters": 990}
    files.write_json(folder / paths.clean_report("prose"), report)
    runs(folder, source)
    studies(folder)
    examined(folder)
    return folder
