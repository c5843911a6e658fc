"""Describe what a pull request changes: the verdicts of claims, and `dvc metrics diff`.

`python -m scripts.pull_request_comment BASE` compares the workspace with the commit BASE (default:
main) and prints Markdown. CI runs it after `make repro` and posts the text
(.github/workflows/ci.yml).
"""

import io
import subprocess
import sys
from pathlib import Path

import pandas as pd

from scripts.compare import git

CLAIMS = {
    "Bundled corpora": Path("metrics/claims.csv"),
    "The lectures' own corpora": Path("metrics/upstream/claims.csv"),
}
COLUMNS = ["id", "lecture", "statement", "verdict"]
LONGEST = 50_000  # characters of the metrics; GitHub refuses a comment of more than 65,536


def main(base: str = "main") -> None:
    """Print the comment."""
    changes = {
        title: changed_claims(committed(path, base), read(path.read_text("utf-8")))
        for title, path in CLAIMS.items()
    }
    print(comment(changes, metrics_diff(base)))


def read(text: str) -> pd.DataFrame:
    """Return the verdict of each claim in a csv file; a claim that was not tested has none."""
    table = pd.read_csv(io.StringIO(text), usecols=COLUMNS, dtype=str, keep_default_na=False)
    return table.replace({"verdict": {"": "not tested"}})


def committed(path: Path, commit: str) -> pd.DataFrame:
    """Return the claims in a file as it was committed; no claims if there was no such file."""
    known = git("ls-tree", "--name-only", commit, "--", path.as_posix())
    return read(git("show", f"{commit}:{path.as_posix()}") if known else ",".join(COLUMNS))


def changed_claims(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the claims whose verdict differs, with both verdicts.

    The text of a claim is that of `after`; a new or removed claim has only one verdict.
    """
    both = after.merge(before, "outer", on="id", suffixes=("", "_before"), sort=False)
    for column in ("lecture", "statement"):
        both[column] = both[column].fillna(both[f"{column}_before"])
    both["before"] = both["verdict_before"].fillna("new")
    both["after"] = both["verdict"].fillna("removed")
    differs = both["before"] != both["after"]
    return both.loc[differs, ["id", "lecture", "statement", "before", "after"]]


def metrics_diff(base: str) -> str:
    """Return DVC's table of the metrics that differ from those of a commit; it may have no rows."""
    command = [sys.executable, "-m", "dvc", "metrics", "diff", "--md", base]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def comment(changes: dict[str, pd.DataFrame], metrics: str) -> str:
    """Return the comment as Markdown: a table of claims for each corpus, then the metrics."""
    parts = ["## What this pull request changes", "### Claims"]
    for title, claims in changes.items():
        parts += [f"**{title}**", claims_table(claims)] if len(claims) else []
    if not any(map(len, changes.values())):
        parts.append("No claim changes its verdict.")
    parts += ["### Metrics", metrics_table(metrics)]
    parts.append(
        "CI rebuilt these results and compared them with the base branch. If its "
        "step *Compare the results with those in git* fails, run `make repro` and commit the "
        "results."
    )
    return "\n\n".join(parts)


def claims_table(claims: pd.DataFrame) -> str:
    """Return claims as a Markdown table."""
    rows = [
        f"| `{row.id}` | {row.lecture} | {cell(row.statement)} | {row.before} → **{row.after}** |"
        for row in claims.itertuples()
    ]
    return "\n".join(["| claim | lecture | statement | verdict |", "|---|---|---|---|", *rows])


def cell(text: object) -> str:
    """Escape a text for a cell of a Markdown table."""
    return str(text).replace("|", r"\|")


def metrics_table(metrics: str) -> str:
    """Return DVC's table, folded and cut to a length that GitHub accepts."""
    head, line, *rows = metrics.splitlines()
    if not rows:
        return "No metric changes."
    shown, length = [], 0
    for row in sorted(rows):
        length += len(row) + 1
        if length > LONGEST:
            break
        shown.append(row)
    left_out = len(rows) - len(shown)
    note = f"\n\n{left_out:,} more: run `dvc metrics diff`." if left_out else ""
    table = "\n".join([head, line, *shown])
    return f"<details><summary>{len(rows):,} differ</summary>\n\n{table}{note}\n\n</details>"


if __name__ == "__main__":
    main(*sys.argv[1:])
