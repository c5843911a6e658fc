"""Values that nobody means, and what must come of them: success, or one paragraph that helps."""

from collections.abc import Callable
from typing import Any

from recurrent.errors import PipelineError

VALUES: tuple[Any, ...] = (
    None, "", " ", -1, 0, 1, 0.5, 1e308, float("nan"), float("inf"), True, 10**18, 10**30,
    [], {}, [None], [[[]]], {"a": {"b": 1}}, {None: 1}, "x" * 10_000, "../x", "\ud800", "王\0",
)  # fmt: skip


def complaint(call: Callable[[], object]) -> str:
    """What it says of itself; nothing if all went well. Any other exception fails the test."""
    try:
        call()
    except PipelineError as fault:
        assert_paragraph(str(fault))
        return str(fault)
    return ""


def assert_paragraph(text: str) -> None:
    """Short enough to be read, and not a screenful of something else."""
    assert "Traceback" not in text and "\n" not in text, text
    assert 20 < len(text) < 1500, text
    assert text.isprintable(), text
