"""The one way that numbers and texts are written, on every page and in the terminal."""

import re
from math import floor, isfinite, log10

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def number(value: float | None, sd: float | None = None) -> str:
    """A number in the decimals that mean something, with its standard deviation if it has one.

    The deviation has two digits, and the number as many decimals as the deviation.
    """
    if value is None:
        return ""
    if sd is None or not isfinite(sd):
        return _signed(_fixed(value, _decimals(value)))
    decimals = _decimals(max(abs(value), sd))
    if sd > 0 and decimals is not None:
        decimals = min(max(1 - floor(log10(sd)), 0), 6)
    return _signed(f"{_fixed(value, decimals)} ± {_fixed(sd, decimals)}")


def difference(value: float, error: float | None = None) -> str:
    """A difference with its sign and its error."""
    return ("+" if value > 0 else "") + number(value, error)


def published(value: float) -> str:
    """A published number in all its digits."""
    return _signed(f"{value:,.10g}")


def percent(share: float) -> str:
    """A share, in whole percent."""
    return _signed(f"{share:.0%}".replace("%", " %"))


def count(value: int | None) -> str:
    """A number of things."""
    return "" if value is None else f"{value:,}"


def one_line(text: str) -> str:
    """A text in one line: ↵ stands for the end of a line, · for other control characters."""
    return CONTROL.sub("·", text.replace("\r\n", "\n").replace("\n", "↵"))


def _decimals(value: float) -> int | None:
    """How many decimals mean something; None where digits are better counted from the first."""
    size = abs(value)
    if not size < 1e6 or 0 < size < 1e-4:
        return None
    if size >= 10 and value == int(value):
        return 0
    return 1 if size >= 100 else 2 if size >= 10 else 4 if size >= 1e-3 or not size else 6


def _fixed(value: float, decimals: int | None) -> str:
    if not isfinite(value):
        return "NaN" if value != value else "∞" if value > 0 else "-∞"
    if decimals is None:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:,.{decimals}f}"


def _signed(text: str) -> str:
    """The text with the minus sign that is made for numbers."""
    return text.replace("-", "−")
