"""The results on one screen, from the files of the pipeline, and where to look next."""

from collections.abc import Mapping

from rich.console import Console

from recurrent.common import files
from recurrent.common.config import Config
from recurrent.common.errors import PipelineError
from recurrent.report import metrics, tables
from recurrent.report.inputs import SPLITS, Inputs, held_out, is_independent, load
from recurrent.report.overview import overview
from recurrent.report.page import markdown_tables
from recurrent.report.terminal import show
from recurrent.report.views import Cell, Group, Table, measured, table

EXPECTED = ("holds", "reproduced", "within seed noise", "better")
NEXT = """\
verdict: against the best model without a network, or the model to improve on
{report}: all results on one page, for a browser
{tables}: the same tables as Markdown
recurrent replicate: run this on the lectures' own corpora"""
AFTER_SOME = "recurrent repro: the whole pipeline, with the report"


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
    for shown in found:
        show(shown, console)
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
    return [*exceptions, *(ranking for ranking in rankings if ranking is not None)]


def show_scores(experiments: Mapping[str, Config]) -> None:
    """Print the scores of experiments; the mapping gives the settings of each one's pipeline."""
    console = Console()
    for experiment, settings in experiments.items():
        if (found := scores(experiment, settings)) is not None:
            show(found, console)
    console.print(AFTER_SOME, highlight=False)


def scores(experiment: str, settings: Config) -> Table | None:
    """Return a table with the main metric of each variant's task."""
    rows, labels = [], set()
    for variant in settings.variants(experiment):
        report = files.read_json(settings.results.evaluation(experiment, variant.variant))
        metric, split = report["metric"], report["split"]
        labels.add(metrics.labelled(metric))
        ours, sd, bayes = ((report[kind] or {}).get(metric) for kind in ("mean", "sd", "bayes"))
        records = SPLITS.get(split, split)
        if is_independent(settings, report["dataset"]):
            records = f"{split}, partly trained on"
        rows.append(
            (Cell(variant.name, "code"), measured(ours, sd), measured(bayes), Cell(records))
        )
    title = f"{settings.experiments[experiment].title}: {'; '.join(sorted(labels))}"
    return table(title, ("model", "score", "best possible", "records"), rows)
