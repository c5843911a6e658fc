"""Clean a list of Chinese names, each labelled 男 (male), 女 (female) or 未知 (unknown)."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pandas as pd

from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.frequencies import count_characters
from recurrent.data.names.distinct import Distinct
from recurrent.data.synthetic import names as bundled

FILE = bundled.FILE
HEADER = "dict,sex"
HEADER_WITHIN = 100  # lines; a longer preamble means another kind of file
LABELS = ("男", "女")
UNKNOWN = bundled.UNKNOWN
HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
MALFORMED = ("not two fields", "unknown label", "empty name", "not UTF-8")
LONGEST = 20  # characters of a name; anything longer is a sentence
QUOTED = 5  # malformed rows in an error message
SHARED_BY = 10  # names that a given name needs for a reliable majority


def generate(folder: Path, synthetic: Synthetic) -> None:
    """Write the bundled names, and the probability of each label given the name."""
    bundled.generate(folder, synthetic.seed, synthetic.size)


def check(path: Path) -> None:
    """Refuse a file without the header of a list of names."""
    with _open(path) as file:
        _skip_preamble(file, path)


def clean(path: Path, out: Path, corpus: Corpus) -> dict[str, object]:
    """Write `names.csv` (name, label) and `frequencies.csv`; return what was kept and dropped."""
    table, dropped = read(path, corpus.max_malformed)
    usable = table["label"] != UNKNOWN
    dropped["labelled 未知, or with both labels"] = int((~usable).sum())
    table = table[usable]
    kept = {label: int((table["label"] == label).sum()) for label in LABELS}
    if not all(kept.values()):
        raise PipelineError(
            f"no usable names remain for both labels ({kept}); dropped: {dict(dropped)}.",
            where=str(path),
            remedy="Each row should read name,男 or name,女, with the name in Chinese characters.",
        )
    source = path.parent / bundled.BAYES
    if source.exists():  # P(男 | name), if the source of the names is known
        table = table.merge(pd.read_csv(source), on="name", how="left", validate="one_to_one")
    table.to_csv(out / "names.csv", index=False)
    return {
        "rows": len(table) + sum(dropped.values()),
        "kept": {"names": len(table), **kept},
        "dropped": dict(sorted(dropped.items())),
        "given_names": agreement(table),
        **count_characters(table["name"], out),
    }


def agreement(table: pd.DataFrame) -> dict[str, object]:
    """Return how often a name has the most frequent label of its given name.

    This share is about the best accuracy that a classifier can reach without the surname. It is
    measured on given names that enough names share.
    """
    is_first = table["label"] == LABELS[0]
    groups = is_first.groupby(table["name"].str[1:]).agg(["size", "sum"])
    groups = groups[groups["size"] >= SHARED_BY]
    names = int(groups["size"].sum())
    majority = int(groups["sum"].clip(lower=groups["size"] - groups["sum"]).sum())
    share = round(majority / names, 4) if names else None
    return {"shared_by": SHARED_BY, "names": names, "majority": share}


def read(path: Path, max_malformed: float) -> tuple[pd.DataFrame, Counter[str]]:
    """Return each distinct name with its label, and the number of other rows by reason."""
    named = Distinct(LABELS, UNKNOWN)
    dropped: Counter[str] = Counter()
    quoted: list[str] = []
    with _open(path) as file:
        start = _skip_preamble(file, path)
        for number, line in enumerate(file, start):
            name, label, reason = parse(line)
            if not reason:
                named.add(name, label)
                continue
            dropped[reason] += 1
            if reason in MALFORMED and len(quoted) < QUOTED:
                quoted.append(f"row {number} ({reason}): {line.rstrip()[:40]!a}")
    rows = len(named) + sum(dropped.values())
    malformed = sum(dropped[reason] for reason in MALFORMED)
    if malformed > max_malformed * rows:
        raise PipelineError(
            f"{malformed:,} of {rows:,} rows are malformed, and params.yaml allows a share of "
            f"{max_malformed:g} (max_malformed). The first ones: {'; '.join(quoted)}.",
            where=str(path),
            remedy="Fix the file, save it as UTF-8, or allow a larger share.",
        )
    table, repeated = named.table()
    return table, dropped + repeated


def parse(line: str) -> tuple[str, str, str]:
    """Return a row's name, its label, and the reason to drop it ('' to keep it)."""
    if not line.strip():
        return "", "", "blank line"
    fields = line.replace("，", ",").split(",", 2)
    if len(fields) != 2:
        return "", "", "not two fields"
    name, label = "".join(fields[0].split()), fields[1].strip()
    if any("\udc80" <= character <= "\udcff" for character in name + label):
        return name, label, "not UTF-8"
    if label not in LABELS and label != UNKNOWN:
        return name, label, "unknown label"
    if not name:
        return name, label, "empty name"
    if not HAN.fullmatch(name):
        return name, label, "not all Chinese characters"
    if len(name) == 1:
        return name, label, "one character"
    if len(name) > LONGEST:
        return name, label, "too long"
    return name, label, ""


def _open(path: Path) -> TextIO:
    # utf-8-sig drops a byte-order mark; undecodable bytes become lone surrogates, counted later.
    return path.open(encoding="utf-8-sig", errors="surrogateescape")


def _skip_preamble(lines: Iterator[str], path: Path) -> int:
    """Read up to the header; return the number of the row after it."""
    for number, line in enumerate(lines, 1):
        if "".join(line.replace("，", ",").split()) == HEADER:
            return number + 1
        if number == HEADER_WITHIN:
            break
    raise PipelineError(
        f"the first {HEADER_WITHIN} lines have no header {HEADER!r}.",
        where=str(path),
        remedy=f"A list of names has a line {HEADER!r}, followed by rows such as 王小红,女.",
    )
