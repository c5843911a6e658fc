"""Stage: the replication table as a page with pictures."""

import pandas as pd

from stages import cli, files, paths
from stages.evaluation import lectures
from stages.reporting import chart, page


def main() -> None:
    """Write metrics/replication.md and its pictures from metrics/replication.csv."""
    table = pd.read_csv(paths.REPLICATION_TABLE, keep_default_na=True, na_values=[""])
    table["verdict"] = table["verdict"].fillna("")
    known = lectures.load()
    figures = {}
    for key, lecture in known.items():
        lines = table[table["row"].isin(lecture.rows)]
        target = paths.figure(key)
        if chart.draw(lines, lecture.headline, lecture.better, lecture.title, target):
            figures[key] = target.relative_to(paths.METRICS).as_posix()
    files.write_text(paths.REPLICATION_PAGE, page.render(table, known, figures))
    cli.note(f"{len(table)} lines in {paths.REPLICATION_PAGE}")


if __name__ == "__main__":
    cli.run(main)
