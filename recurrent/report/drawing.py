"""Charts as inline SVG that follows the page: its fonts, its ink, its colours by variables."""

import re
from collections.abc import Callable, Sequence
from html import escape
from io import StringIO
from math import floor, log10
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Colours that no chart means by themselves: each becomes a variable of the style sheet.
INK, FAINT, FLOOR, BASE, GRID = "#010203", "#010204", "#010205", "#010206", "#010207"
SERIES = tuple(f"#0102{number:02x}" for number in range(0x11, 0x17))
DASHES = ("", "6 2", "2 2", "8 2 2 2", "4 1", "1 3")
VARIABLES = {INK: "--ink", FAINT: "--faint", FLOOR: "--floor", BASE: "--base", GRID: "--line"} | {
    colour: f"--s{number}" for number, colour in enumerate(SERIES, 1)
}
WIDTH = 5.2  # inches of 72 units: as wide as a phone, so that labels stay legible there
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.8,
    "axes.unicode_minus": True,
}


def draw(
    key: str, label: str, paint: Callable[[Figure], None], height: float = 3.0, width: float = WIDTH
) -> Markup:
    """What `paint` draws, as an <svg> whose ids begin with `key`; same input, same bytes."""
    settings: Any = {**STYLE, "svg.hashsalt": key}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        out = StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=nothing, dpi=140)
    return _inlined(out.getvalue(), key, label)


def _inlined(text: str, key: str, label: str) -> Markup:
    """Without the head of a file, with ids, fonts and colours that fit the page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>\s*", "", text, flags=re.DOTALL)  # it would hold everywhere
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(\sid="|url\(#|href="#)', rf"\g<1>{key}-", text)
    text = re.sub(r"font: (?:[a-z0-9]+ )*?([0-9.]+px) [^;\"]*", r"font-size: \1", text)
    text = re.sub(r'(?<=[\s"])(d|transform|x|y)="[^"]*"', _rounded, text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    box = re.search(r'viewBox="([^"]*)"', text)
    inside = text[text.index(">") + 1 :]
    return Markup(
        f'<svg role="img" aria-label="{escape(label)}" viewBox="{box[1] if box else ""}" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">{inside.strip()}'
    )


def _rounded(found: re.Match[str]) -> str:
    return re.sub(r"(\.\d\d)\d+", r"\1", found[0])


def dashed(dash: str) -> tuple[float, tuple[float, ...]] | str:
    """A dash of an SVG stroke as matplotlib's line style."""
    return (0, tuple(float(part) / 1.8 for part in dash.split())) if dash else "-"


def logarithmic(axis: Axes, which: str = "y") -> None:
    """A log scale with figures as people write them."""
    scale = axis.yaxis if which == "y" else axis.xaxis
    (axis.set_yscale if which == "y" else axis.set_xscale)("log")
    low, high = sorted(axis.get_ylim() if which == "y" else axis.get_xlim())
    decades = log10(high / low) if low > 0 else 1.0
    within = (1.0,) if decades > 2 else (1.0, 2.0, 5.0) if decades > 0.7 else tuple(range(1, 10))
    scale.set_major_locator(LogLocator(subs=within, numticks=8))
    scale.set_major_formatter(FuncFormatter(lambda value, _: power(value)))
    scale.set_minor_formatter(NullFormatter())


def power(value: float) -> str:
    """1,000 and 0.01 as they stand, further out as a power of ten."""
    if value <= 0:
        return ""
    if 1e-3 <= value < 1e5:
        return f"{value:,.10g}"
    exponent = floor(log10(value) + 1e-9)
    factor = value / 10**exponent
    head = "" if abs(factor - 1) < 1e-6 else f"{factor:.3g}·"
    return f"{head}10{raised(str(exponent))}"


def raised(exponent: str) -> str:
    """A whole number as an exponent."""
    return exponent.translate(SUPERSCRIPTS)


def spans_decades(values: Sequence[float]) -> bool:
    """A linear scale would hide the small ones."""
    positive = [value for value in values if value > 0]
    return len(positive) == len(values) > 0 and max(positive) > 20 * min(positive)
