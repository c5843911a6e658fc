"""The headline results on one screen, from the files in metrics/, and where to look next."""

from rich.console import Console

from recurrent.common.errors import PipelineError
from recurrent.report import tables
from recurrent.report.inputs import Inputs, held_out, load
from recurrent.report.overview import overview
from recurrent.report.page import markdown_tables
from recurrent.report.terminal import show
from recurrent.report.views import Group, Table

EXPECTED = ("holds", "reproduced", "within seed noise", "better")
NEXT = """\
verdict: against the best model without a network, or the model to improve on
{report}: all results on one page, for a browser
{tables}: the same tables as Markdown
recurrent replicate: run this on the lectures' own corpora"""


def main(pipeline: str = "lectures", markdown: bool = False) -> None:
    """Print the result, its exceptions, and each lecture's models, best first."""
    inputs = load(pipeline)
    results = inputs.config.results
    if not (inputs.published or inputs.scores):
        raise PipelineError(
            "there are no results yet.", where=str(results.scores), remedy="Run `recurrent repro`."
        )
    found = headline(inputs)
    if markdown:
        print(markdown_tables(found), end="")
        return
    console = Console()
    console.print(overview(inputs).title, style="bold", highlight=False)
    for table in found:
        show(table, console)
    console.print(NEXT.format(report=results.report, tables=results.tables), highlight=False)


def headline(inputs: Inputs) -> list[Table]:
    """Return the exceptions on the page's first screen, and rankings on held-out records."""
    rankings = [
        tables.ranking(inputs, key, records)
        for key in inputs.lectures
        for records in held_out(inputs, key)
    ]
    listed = [result for group in overview(inputs).results for result in group.results]
    others = tuple(result for result in listed if result.verdict not in EXPECTED)
    title = "All but these" if len(others) > 1 else "All but this"
    exceptions = [Group(title, others, anchor="overview").table] if others else []
    return [*exceptions, *(table for table in rankings if table is not None)]
