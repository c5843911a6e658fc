"""Numbers keep the digits that mean something, and texts stay in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.report.numbers import (
    count,
    difference,
    number,
    one_line,
    percent,
    plain,
    published,
    short,
)

FINITE = st.floats(-1e300, 1e300)


def read(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


@pytest.mark.parametrize(
    ("value", "sd", "written"),
    [
        (None, None, ""),
        (0.9, None, "0.9000"),
        (0.931933, 0.001124, "0.9319 ± 0.0011"),
        (93.1705, 21.1401, "93 ± 21"),
        (1.436678, 0.503426, "1.44 ± 0.50"),
        (6.1e-5, 0.002, "0.0001 ± 0.0020"),
        (0.068095, 0.0, "0.0681 ± 0.0000"),
        (50390.0, None, "50,390"),
        (276.815, None, "276.8"),
        (8.1e17, 1.4e18, "8.1e17 ± 1.4e18"),
        (-0.00031, None, "−0.000310"),
        (3.1e-7, None, "3.1e−7"),
        (float("nan"), None, "NaN"),
        (float("inf"), None, "∞"),
        (1.5, float("nan"), "1.5000"),
    ],
)
def test_a_number_has_the_decimals_that_mean_something(
    value: float | None, sd: float | None, written: str
) -> None:
    assert number(value, sd) == written


def test_published_numbers_keep_all_their_digits() -> None:
    assert published(2.081694) == "2.081694"
    assert published(50390.0) == "50,390"
    assert published(0.29) == "0.29"


def test_short_numbers_and_ticks() -> None:
    assert [short(value) for value in (1.38123, 276.8, 0.0, 12.84, 0.00371)] == [
        "1.38",
        "277",
        "0",
        "12.8",
        "0.00371",
    ]
    assert [plain(value) for value in (1000, 0.5, 1e-7, 2e7)] == ["1,000", "0.5", "10⁻⁷", "2·10⁷"]


def test_signs_counts_and_shares() -> None:
    assert difference(0.5, 0.1) == "+0.50 ± 0.10"
    assert difference(-0.5) == "−0.5000"
    assert (count(1234), count(None)) == ("1,234", "")
    assert percent(-0.824) == "−82 %"
    assert percent(0.9992, 1) == "99.9 %"


@given(FINITE)
def test_what_is_written_is_near_the_value(value: float) -> None:
    assert read(number(value)) == pytest.approx(value, rel=0.05)


@given(FINITE, st.floats(0, 1e300))
def test_a_number_has_as_many_decimals_as_its_deviation(value: float, sd: float) -> None:
    first, second = number(value, sd).split(" ± ")
    assert ("e" in first) == ("e" in second)
    assert len(first.partition(".")[2].split("e")[0]) == len(second.partition(".")[2].split("e")[0])


@given(st.text())
def test_any_text_is_one_line(text: str) -> None:
    assert len(one_line(f"x{text}").splitlines()) == 1


def test_the_end_of_a_line_has_a_sign() -> None:
    assert one_line("a\nb\r\nc\td") == "a↵b↵c·d"
