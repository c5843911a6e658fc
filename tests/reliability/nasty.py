"""Values that nobody means, and what must come of them: success, or one helpful paragraph."""

from collections.abc import Callable
from typing import Any

from recurrent.common.errors import PipelineError

VALUES: tuple[Any, ...] = (
    None, "", -1, 0, 0.5, 1e308, float("nan"), float("inf"), True, 10**30, [], {}, [None],
    {"a": {"b": 1}}, {None: 1}, "x" * 10_000, "../x", "王\0",
)  # fmt: skip


def complaint(call: Callable[[], object]) -> str:
    """Return the error of a call, or nothing if it succeeds. Other exceptions fail the test."""
    try:
        call()
    except PipelineError as fault:
        assert_paragraph(str(fault))
        return str(fault)
    return ""


def assert_paragraph(text: str) -> None:
    """Fail unless the text is one short, printable paragraph."""
    assert "Traceback" not in text and "\n" not in text, text
    assert 20 < len(text) < 1500, text
    assert text.isprintable(), text
