"""The reader of console blocks, on a page of two."""

import pytest

from tests.docs import console

PAGE = """\
A page.

```console
$ echo one \\
    two
one two
$ true
```

```sh
$ not read
```

```console
$ ls
a
```
"""


def test_commands_and_their_output_are_read_in_order() -> None:
    steps = [console.Step("echo one two", "one two"), console.Step("true", "")]
    assert [*console.read(PAGE)] == [*steps, console.Step("ls", "a")]


@pytest.mark.parametrize(
    ("shown", "output", "same"),
    [
        ("a  1\nb", "a 1\n\nb\n", True),
        ("a\n…\nd", "a\nb\nc\nd\n", True),
        ("a\n…\nd", "a\nd\n", True),
        ("a\n…\nd", "a\nb\n", False),
        ("a … d", "a b c d", True),
        ("a", "a\nb", False),
        ("af146b7 [wider] 07:50 AM", "0c1d2e3 [wider] 11:05 PM", True),
        ("af146b7 [wider]", "af146b7 [wilder]", False),
        ("0.1256", "0.1257", False),
        ("", "", True),
    ],
)
def test_output_is_compared_but_for_what_is_left_out_or_unstable(
    shown: str, output: str, same: bool
) -> None:
    assert console.matches(shown, output) == same
