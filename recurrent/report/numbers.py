"""Format numbers and texts, in one way for all pages and the terminal."""

import re
from math import floor, isfinite, log10

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def number(value: float | None, sd: float | None = None) -> str:
    """Format a number with its meaningful decimals, and with its standard deviation if given.

    The deviation has two digits; the number has as many decimals as the deviation.
    """
    if value is None:
        return ""
    if sd is None or not isfinite(sd):
        return _signed(_fixed(value, _decimals(value)))
    decimals = _decimals(max(abs(value), sd))
    if sd > 0 and decimals is not None:
        decimals = min(max(1 - floor(log10(sd)), 0), 6)
    return _signed(f"{_fixed(value, decimals)} ± {_fixed(sd, decimals)}")


def short(value: float | None, digits: int = 3) -> str:
    """Format a number with few digits, for a list or an axis."""
    if value is None or not isfinite(value) or _decimals(value) is None:
        return number(value)
    places = max(digits - 1 - floor(log10(abs(value))), 0) if value else 0
    return _signed(f"{value:,.{places}f}")


def plain(value: float) -> str:
    """Format a tick of an axis: a plain number, or a power of ten if it is tiny or huge."""
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{value:.0e}".partition("e")
        power = f"10{str(int(exponent)).translate(RAISED)}"
        return power if mantissa == "1" else f"{mantissa}·{power}"
    return _signed(f"{value:,.10g}")


def difference(value: float, error: float | None = None) -> str:
    """Format a difference with its sign and its error."""
    return ("+" if value > 0 else "") + number(value, error)


def published(value: float) -> str:
    """Format a published number with all its digits."""
    return _signed(f"{value:,.10g}")


def beside(given: float, ours: float | None) -> str:
    """Format our value with as many decimals as the published one that it stands beside."""
    if ours is None:
        return ""
    decimals = len(published(given).partition(".")[2])
    return _signed(_fixed(ours, min(decimals, 6)))


def percent(share: float, decimals: int = 0) -> str:
    """Format a share in percent, whole by default."""
    return _signed(f"{share:.{decimals}%}".replace("%", " %"))


def count(value: int | None) -> str:
    """Format a count."""
    return "" if value is None else f"{value:,}"


def one_line(text: str) -> str:
    """Return a text as one line: ↵ replaces line ends, · other control characters."""
    return CONTROL.sub("·", text.replace("\r\n", "\n").replace("\n", "↵"))


def _decimals(value: float) -> int | None:
    """Return how many decimals are meaningful; None if scientific notation is better."""
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
    """Replace hyphens by the mathematical minus sign."""
    return text.replace("-", "−")
