"""Parse the search space of a sweep."""

import re

import pytest

from recurrent.common.errors import PipelineError
from recurrent.sweeps.space import Choices, Range, corners, format_value, parse, short_name

RATE = "training.learning_rate"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.001..0.03:log", Range(0.001, 0.03, log=True)),
        ("1e-4..1", Range(1e-4, 1.0)),
        ("-1..1", Range(-1, 1)),
        ("8..512:log", Range(8, 512, log=True)),
        ("0.1,1,null", Choices((0.1, 1, None))),
        ("rnn,gru", Choices(("rnn", "gru"))),
        ("true,false", Choices((True, False))),
    ],
)
def test_ranges_and_choices_are_read_and_written_alike(
    text: str, expected: Range | Choices
) -> None:
    assert parse([f"{RATE}={text}"]) == {RATE: expected}
    assert parse([f"{RATE}={expected}"]) == {RATE: expected}


def test_the_ends_decide_whether_numbers_are_whole() -> None:
    space = parse(["training.epochs=2..8", f"{RATE}=1..2.0"])
    assert [one.is_integer for one in space.values() if isinstance(one, Range)] == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1", "neither a range nor a list of choices"),
        ("", "neither a range nor a list of choices"),
        ("a,", "neither"),
        ("[1],2", "neither"),
        ("a..b", "not a range of numbers"),
        ("0..inf", "not a range of numbers"),
        ("..1", "not a range of numbers"),
        ("true..1", "not a range of numbers"),
        ("1..1", "LOW must be less than HIGH"),
        ("0..1:log", "LOW must be above 0"),
    ],
)
def test_an_error_names_the_key_and_shows_the_right_form(text: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message) as caught:
        parse([f"{RATE}={text}"])
    assert re.match(rf"{RATE}: .* Write {RATE}=LOW\.\.HIGH", str(caught.value))


@pytest.mark.parametrize(
    "key", ["seeds", "dataset", "model.name", "variants.gru.training.epochs", "datasets.a.window"]
)
def test_only_settings_of_training_and_model_are_searched(key: str) -> None:
    with pytest.raises(
        PipelineError, match=rf"{key}: a sweep can search only settings of the training"
    ):
        parse([f"{key}=1..2"])


def test_a_key_is_given_once() -> None:
    with pytest.raises(PipelineError, match="twice"):
        parse([f"{RATE}=1..2", f"{RATE}=1,2"])


def test_corners_are_all_ends_and_choices() -> None:
    space = parse([f"{RATE}=1..2", "model.settings.cell=rnn,gru"])
    found = [tuple(values.values()) for values in corners(space)]
    assert found == [(1, "rnn"), (1, "gru"), (2, "rnn"), (2, "gru")]


def test_names_and_values_are_those_of_the_rest_of_the_project() -> None:
    assert (
        short_name(RATE) == "learning_rate"
        and short_name("model.settings.hidden") == "model.hidden"
    )
    assert [format_value(value) for value in (None, True, 1e-5, 8, "gru")] == [
        "null", "true", "1e-05", "8", "gru",
    ]  # fmt: skip
