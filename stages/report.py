"""Stage: write a pipeline's results as Markdown tables, an HTML page, charts and curves."""

import pandas as pd

from recurrent.common import console, files
from recurrent.report import curves, page, scores
from recurrent.report.inputs import held_out, load


def main(pipeline: str) -> None:
    """Write the report of `lectures` or `beyond`."""
    inputs = load(pipeline)
    results = inputs.config.results
    figures = []
    for key, lecture in inputs.lectures.items():
        table = curves.means(inputs, key)
        if pipeline == "lectures" or len(table):
            files.write_text(results.curves(key), _csv(table))
        if chart := scores.held_out(inputs, lecture, held_out(inputs, key)):
            files.write_text(results.figure(key), chart.svg)
            figures.append(key)
    sections = page.document(inputs)
    files.write_text(results.tables, page.markdown(inputs, sections, figures))
    files.write_text(results.report, page.html(inputs, sections))
    console.note(f"{results.report}, {results.tables}")


def _csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


if __name__ == "__main__":
    console.run(main)
