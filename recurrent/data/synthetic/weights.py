"""How the bundled grammars weigh their words: integers only, so the same on every machine."""

from collections.abc import Iterable, Mapping

from recurrent.data.synthetic.tape import Alternatives

Words = Mapping[str, int]

SCALE = 1_000_000


def ranked(words: str | Iterable[str], *, head: int = 8) -> dict[str, int]:
    """Weights that fall with the rank, as word frequencies do; `head` flattens the first few."""
    listed = words.split() if isinstance(words, str) else words
    return {word: 10_000 // (rank + head) for rank, word in enumerate(listed)}


def blend(*classes: tuple[int, Words]) -> dict[str, int]:
    """Words of several classes as alternatives at one place, each class by its share.

    No word may be in two of them: the text alone must tell which class was taken.
    """
    whole = sum(share for share, _ in classes)
    blended: dict[str, int] = {}
    for share, words in classes:
        if not share:
            continue
        total = sum(words.values())
        for word, weight in words.items():
            if word in blended:
                raise ValueError(f"{word!r} is in two of the blended classes")
            blended[word] = max(1, weight * share * SCALE // (total * whole))
    return blended


def choice(*classes: tuple[int, Words]) -> Alternatives:
    return Alternatives(blend(*classes))
