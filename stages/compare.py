"""Stage: compare the evaluated variants of a pipeline with each other and with the lectures."""

from collections.abc import Iterator

from recurrent.common import config as params
from recurrent.common import console, files, paths
from recurrent.common.config import Config
from recurrent.common.errors import PipelineError
from recurrent.evaluation import claims, comparisons, lectures, published, rows, scores
from recurrent.evaluation.evaluation import Evaluation
from recurrent.evaluation.lectures import Lecture


def main(pipeline: str) -> None:
    """Write the result tables of `lectures` or `beyond`."""
    config, known = params.load(pipeline), lectures.load()
    refuse_unknown_lectures(config, known)
    results = config.results
    own = dict(evaluated(config))
    table = [
        row
        for one in own.values()
        for row in scores.score_rows(one.report, known[one.report["lecture"]])
    ]
    rows.write(results.scores, rows.Score, table)
    # What goes beyond the lectures is also compared with their models on the same records.
    theirs = {} if pipeline == "lectures" else dict(evaluated(params.load()))
    all_known = {**theirs, **own}
    reports = {name: one.report for name, one in all_known.items()}
    compared = [
        *comparisons.on_same_records(own, all_known, known),
        *comparisons.held_out(own, reports, known),
    ]
    rows.write(results.comparisons, rows.Comparison, compared)
    numbers: list[rows.Published] = []
    claimed: list[rows.Claim] = []
    if pipeline == "lectures":
        numbers = [*published.published_rows(known, reports, results, config.source)]
        rows.write(results.published, rows.Published, numbers)
        claimed = [*claims.claim_rows(known, reports, results, config.source)]
        rows.write(results.claims, rows.Claim, claimed)
    summary = {**scores.summary(table, numbers, known), **claims.tally(claimed)}
    files.write_json(results.summary, summary)
    console.note(f"{len(own)} variants, {len(compared)} comparisons")


def refuse_unknown_lectures(config: Config, known: dict[str, Lecture]) -> None:
    """Refuse an experiment of a lecture that lectures.yaml does not have."""
    for key, experiment in config.experiments.items():
        if experiment.lecture not in known:
            raise PipelineError(
                f"there is no lecture {experiment.lecture!r} in {paths.LECTURES}.",
                where=f"experiments.{key}.lecture",
                remedy=f"Choose one of: {', '.join(known)}.",
            )


def evaluated(config: Config) -> Iterator[tuple[str, Evaluation]]:
    """Yield the evaluation of each variant of a pipeline, by its name."""
    for variant in config.variants():
        one = Evaluation.load(config.results, variant.experiment, variant.variant)
        yield variant.name, one


if __name__ == "__main__":
    console.run(main)
