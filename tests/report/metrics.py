"""A small made-up folder of metrics with everything that the page can show."""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from recurrent.evaluation.line import Line
from tests.report.made_up import HOSTILE, LINES

LINE = Line._fields
NETWORKS = ("net", "deep", "residual")


def table(path: Path, head: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*head])
        writer.writerows(rows)


def report(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def replication(folder: Path, source: str = "bundled") -> None:
    """The table; on a bundled corpus no printed figure is comparable."""
    rows = []
    for line in LINES:
        fields = [source if field == "{}" else field for field in line]
        if fields[2] == "bundled" and fields[3] == "lecture":
            fields[-1] = "not comparable: another corpus"
        rows.append(fields)
    table(folder / "replication.csv", LINE, rows)
    origin = {"source": source, "name": "generated"}
    report(
        folder / "clean/lyrics.json",
        {"origin": origin, "characters": 990, "distinct_characters": 77},
    )


def histories(folder: Path) -> None:
    for place, name in enumerate(NETWORKS):
        rows = [
            (seed, epoch, f"{5 / epoch + place + seed / 10:.6f}", f"{4 / epoch + seed / 9:.6f}")
            for seed in range(3)
            for epoch in range(1, 7)
        ]
        table(folder / f"history/{name}.csv", ("seed", "epoch", "train_loss", "valid_loss"), rows)
        report(folder / f"evaluation/{name}.json", {"dataset": "characters"})


def samples(folder: Path) -> None:
    texts = {"分开": f"分开的{HOSTILE}\n月亮"}
    early = {"2": {"分开": "分开的的的"}}
    report(
        folder / "samples/net.json",
        {"by_seed": {"0": texts, "1": texts}, "while_training": {"0": early}},
    )
    answer = {"name": "王小红", "label": "女", "answer": "男", "probability": 0.98}
    report(folder / "samples/deep.json", {"right": [answer], "wrong": [answer]})
    gap = {"text": "豪迈的□蚁", "hidden": "蚂", "answer": "的"}
    report(folder / "samples/residual.json", {"restored": [gap]})


def demonstrations(folder: Path) -> None:
    line, surface, powers = (
        folder / "demonstrations" / name for name in ("line", "error_surface", "powers")
    )
    steps = range(0, 10_000, 1000)
    losses = [
        (s, 0.09 + 80 / (1 + s), 0.08, 0.1 + 60 / (1 + s), 100 / (1 + s) + 0.1) for s in steps
    ]
    table(line / "losses.csv", ("step", "loss", "low", "median", "high"), losses)
    table(line / "points.csv", ("x", "y"), [(n / 20, 3 * n / 20 + 8) for n in range(20)])
    table(
        line / "by_hand.csv",
        ("frame", "a", "b", "loss"),
        [(n, -1 + n / 2, 1 + n, 80 / (n + 1)) for n in range(8)],
    )
    report(line / "report.json", {"noise_floor": 0.09, "losses": {"0": {"median": 92.2}}})
    frames = [Image.new("L", (60, 40), shade) for shade in (40, 200)]
    frames[0].save(line / "by_hand.gif", save_all=True, append_images=frames[1:])
    grid = [(w / 5, b / 5) for w in range(15, 32) for b in range(-15, 3)]
    table(
        surface / "surface.csv",
        ("w", "b", "error"),
        [(w, b, 0.01 + 0.5 / (1 + math.exp(-20 * (w + b - 2)))) for w, b in grid],
    )
    paths = [
        (kind, n, 5 - n / 10, -2 - n / 20, 0.3 / (n + 1), 1 + n)
        for kind in ("plain", "clipped")
        for n in range(9)
    ]
    table(surface / "paths.csv", ("descent", "step", "w", "b", "error", "gradient_norm"), paths)
    report(surface / "report.json", {"rate": 0.5, "plain": {"largest_step": 2.9}})
    growth = [(s, f, f**s, 2 * f**s, f**s) for f in (0.99, 1.01) for s in range(0, 366, 5)]
    table(
        powers / "powers.csv",
        ("step", "factor", "scalar", "matrix_norm", "orthogonal_norm"),
        growth,
    )
    report(powers / "report.json", {"steps": 365, "powers": {"1.01": 37.8}})


def trainings(folder: Path) -> None:
    rows = [
        (seed, 1 + s // 50, s, 2 / (s + 1), 1 / (s + 1), 0.5) for seed in (0, 1) for s in range(100)
    ]
    table(folder / "gradients/net.csv", ("seed", "epoch", "step", "total", "cell.w", "out.w"), rows)
    finding = {
        "seed": 0,
        "epoch": 1,
        "step": 3,
        "parameter": "cell.w",
        "norm": 1e9,
        "message": f"the gradient of cell.w {HOSTILE}",
    }
    found = [finding | {"kind": "exploding"}, finding | {"kind": "not a number", "norm": None}]
    report(folder / "health/deep.json", {"healthy": False, "findings": found})
    report(folder / "health/net.json", {"healthy": True, "findings": []})


def probes(folder: Path) -> None:
    back = [
        (
            "net",
            "lyrics",
            when,
            state,
            n,
            rate**n,
            0.5 * rate**n,
            2 * rate**n,
            bound and 1.1 * rate**n,
        )
        for when, rate in (("before", 0.5), ("after", 0.9))
        for state, bound in (("h", 1), ("c", ""), ("c, forget gates alone", ""))
        for n in range(12)
    ]
    head = ("experiment", "corpus", "when", "state", "back", "gradient", "low", "high", "bound")
    table(folder / "probes/through_time.csv", head, back)
    spectra = [
        ("net", when, "W_hh", n, 2 / (n + place))
        for place, when in enumerate(("before", "after"), 1)
        for n in range(1, 9)
    ]
    head = ("experiment", "when", "matrix", "rank", "singular_value")
    table(folder / "probes/spectra.csv", head, spectra)
    head = ("experiment", "when", "decay", "largest_singular_value", "spectral_radius")
    table(folder / "probes/summary.csv", head, [("net", "after", 0.9, 1.2, 1.0)])
    clipped = [
        ("net", at, 0, s, 20 / (s + 1), min(at, 20 / (s + 1)), 1.0, 9 / (s + 1), 0.9, 19, 0.99)
        for at in (1, 10)
        for s in range(40)
    ]
    ways = (f"{what}_{way}" for way in ("global", "each", "last") for what in ("norm", "cosine"))
    head = ("experiment", "threshold", "seed", "step", "norm", *ways)
    table(folder / "probes/clipping.csv", head, clipped)
    head = ("column", "level", "first", "second", "share", "experiment", "seed")
    places = [("state", HOSTILE, 0.1, 0.2, 0.8), ("state", "BY", -0.3, 0.1, 0.8)]
    places += [("store", str(n), n / 40, -n / 40, 0.5) for n in range(40)]
    table(folder / "probes/entities.csv", head, [(*place, "net", 0) for place in places])
    head = ("column", "one", "other", "learned", "true", "experiment", "seed")
    pair = ("state", HOSTILE, "BY", 0.4, 300.0, "net", 0)
    table(folder / "probes/entity_distances.csv", head, [pair])
    head = ("experiment", "seed", "column", "spearman")
    ranks = [("net", 0, "state", 0.6), ("net", 1, "state", 0.5)]
    table(folder / "probes/entity_ranks.csv", head, ranks)


def everything(folder: Path, source: str = "bundled") -> Path:
    """A folder that fills every section."""
    replication(folder, source)
    for part in (histories, samples, demonstrations, trainings, probes):
        part(folder)
    return folder
