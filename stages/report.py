"""Stage: the replication table as a page with pictures, and everything measured as another."""

import pandas as pd

from recurrent import console as cli
from recurrent import files, paths
from recurrent.evaluation import lectures
from recurrent.report import chart, document, page, plots


def main() -> None:
    """Write metrics/replication.md, its pictures and metrics/report.html from metrics/ alone."""
    table = pd.read_csv(paths.REPLICATION_TABLE, keep_default_na=True, na_values=[""])
    table["verdict"] = table["verdict"].fillna("")
    known = lectures.load()
    figures = {}
    for key, lecture in known.items():
        lines = table[table["row"].isin(lecture.rows)]
        target = paths.figure(key)
        if chart.draw(lines, lecture.headline, lecture.better, lecture.title, target):
            figures[key] = target.relative_to(paths.METRICS).as_posix()
        curves = plots.curves(paths.history(key).parent, lines["experiment"].unique())
        text = curves.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        files.write_text(target.with_suffix(".csv"), text)
    files.write_text(paths.REPLICATION_PAGE, page.render(table, known, figures))
    files.write_text(paths.REPORT, document.render(paths.METRICS, known))
    cli.note(f"{len(table)} lines in {paths.REPLICATION_PAGE}; all of it in {paths.REPORT}")


if __name__ == "__main__":
    cli.run(main)
