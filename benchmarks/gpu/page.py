"""Render metrics/bench/gpu.md from the data of all parts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recurrent.common import files

Part = Mapping[str, Any]
Cells = Sequence[str]
INTRODUCTION = """\
# Training on a GPU, measured

Written by `python -m benchmarks.gpu`, which [docs/gpu.md](../../docs/gpu.md) describes. Each part
can be measured alone and says when and where it was measured; its data is in `gpu/`.
"""
QUICK = "**A quick run with tiny sizes: it tests the script, and its numbers mean nothing.**"


def write(out: Path) -> Path:
    """Render the page from the parts that were measured."""
    sections = [INTRODUCTION]
    for name, (title, table) in SECTIONS.items():
        path = out / "gpu" / f"{name}.json"
        content = section(files.read_json(path), table) if path.exists() else "Not measured yet.\n"
        sections.append(f"## {title}\n\n{content}")
    page = out / "gpu.md"
    files.write_text(page, "\n".join(sections))
    return page


def section(part: Part, table: Callable[[Part], list[str]]) -> str:
    """Return where and when a part was measured, its table, and its notes."""
    lines = [f"{part['date']}, {part['machine']}; {part['version']}."]
    if part.get("quick"):
        lines.append(QUICK)
    if part["rows"]:
        lines.append("\n".join(table(part)))
    if part["notes"]:
        lines.append("\n".join(f"- {note}" for note in part["notes"]))
    return "\n\n".join(lines) + "\n"


def grid(head: Cells, rows: Sequence[Cells]) -> list[str]:
    """Return a Markdown table; every column but the first is aligned to the right."""
    rule = ["---", *["--:"] * (len(head) - 1)]
    return [f"| {' | '.join(line)} |" for line in (head, rule, *rows)]


def number(value: Any, form: str = "{:.3g}") -> str:
    """Format a number; a missing one is a dash."""
    return "–" if value is None else form.format(value)


def tests(part: Part) -> list[str]:
    head = ("passed", "failed", "skipped", "seconds")
    return grid(head, [[number(row.get(key)) for key in head] for row in part["rows"]])


def epochs(part: Part) -> list[str]:
    ways = [way for way in TITLES if any(way in row for row in part["rows"])]
    head = ["network", *(TITLES[way] for way in ways)]
    rows = [[row["network"], *(number(row.get(way)) for way in ways)] for row in part["rows"]]
    return grid(head, rows)


TITLES = {
    "plain": "plain port",
    "eager": "ours, eager",
    "graphs": "ours, graphs",
    "tf32": "graphs, TF32",
    "bf16": "graphs, bfloat16",
    "cpu": "ours, on a CPU",
}


def training(part: Part) -> list[str]:
    corpora = ", ".join(f"{key} ({source})" for key, source in part["corpora"].items())
    lines = [
        f"{part['runs']} of {part['planned']} runs are trained; {part['earlier']} of them were in "
        f"the run store before. It took {part['seconds']:.0f} s with {part['jobs']} training "
        f"processes, their start included. Corpora: {corpora}.",
        "",
    ]
    rows = [
        [row["name"], f"{row['seeds']} of {row['planned']}", number(row["seconds"])]
        for row in part["rows"]
    ]
    return lines + grid(("variant", "seeds", "seconds per run"), rows)


def agreement(part: Part) -> list[str]:
    agree = sum(row["agrees"] for row in part["rows"])
    head = ("number", "published", "CPU", "here", "± sd", "may differ by", "agrees")
    rows = [
        [
            row["name"],
            *(number(row[key], "{:.4g}") for key in ("published", "cpu", "here")),
            *(number(row[key], "{:.2g}") for key in ("sd", "allowed")),
            "yes" if row["agrees"] else "**no**",
        ]
        for row in part["rows"]
    ]
    return [f"{agree} of {len(rows)} numbers agree with the CPU's.", "", *grid(head, rows)]


def workers(part: Part) -> list[str]:
    head = ("training processes", "runs", "seconds", "utilisation", "GiB")
    rows = [
        [
            f"{row['workers']}{' with MPS' if row['mps'] else ''}",
            f"{row['runs']} of {row['planned']}",
            number(row["seconds"]),
            number(row["utilisation"], "{:.0%}"),
            number(row["gibibytes"]),
        ]
        for row in part["rows"]
    ]
    return grid(head, rows)


SECTIONS: dict[str, tuple[str, Callable[[Part], list[str]]]] = {
    "tests": ("Tests that need CUDA", tests),
    "epochs": ("Seconds per epoch", epochs),
    "training": ("All networks with three seeds", training),
    "agreement": ("Agreement with the CPU", agreement),
    "workers": ("Training processes that share the GPU", workers),
}
