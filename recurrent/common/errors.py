"""The exception that is meant for users: what is wrong, where, and what to do about it."""


def printable(text: str) -> str:
    """Return the text with control and unassigned characters escaped, so a terminal can show it."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class PipelineError(Exception):
    """An error that the user can fix. `recurrent.common.console` prints it as one paragraph."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return printable(f"{place}{self.what}{remedy}")
