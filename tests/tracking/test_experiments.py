"""The prepared views are what MLflow's page reads, and the links open them."""

import json
from urllib.parse import parse_qs, urlsplit

from recurrent.tracking.experiments import CHARTS, SHARED_VIEW, TABLE, TrackedExperiment, link

EXPERIMENT = TrackedExperiment(
    key="names",
    title="Names",
    description="About names",
    columns=("test/accuracy", "test/accuracy_bayes"),
    charts=("test/accuracy", "train/loss", "valid/loss", "train/perplexity"),
    higher_is_better=True,
)


def test_the_table_has_the_columns_in_their_order_and_the_best_run_first() -> None:
    state = json.loads(EXPERIMENT.tags()[f"{SHARED_VIEW}{TABLE}"])
    first = ["metrics.`test/accuracy`", "metrics.`test/accuracy_bayes`"]
    assert state["selectedColumns"][:2] == first
    assert "attributes.`Dataset`" in state["selectedColumns"]
    order = state["columnOrder"]
    assert order.index(first[0]) < order.index(first[1]) < order.index("attributes.`Dataset`")
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`test/accuracy`", False)


def test_curves_have_logarithmic_axes_and_scores_are_bars() -> None:
    state = json.loads(EXPERIMENT.tags()[f"{SHARED_VIEW}{CHARTS}"])
    kinds = {
        chart["metricKey"]: (chart["type"], chart.get("scaleType"))
        for chart in state["compareRunCharts"]
    }
    assert kinds == {
        "test/accuracy": ("BAR", None),
        "train/loss": ("LINE", "log"),
        "valid/loss": ("LINE", "log"),
        "train/perplexity": ("LINE", "log"),
    }


def test_our_charts_are_in_a_section_of_their_own_above_the_others() -> None:
    state = json.loads(EXPERIMENT.tags()[f"{SHARED_VIEW}{CHARTS}"])
    (section,) = state["compareRunSections"]
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == {section["uuid"]}
    assert state["isAccordionReordered"]


def test_an_experiment_without_columns_keeps_the_order_of_the_page() -> None:
    assert "orderByKey" not in TrackedExperiment("all", "All").table()


def test_a_link_opens_the_training_runs_in_a_view() -> None:
    for view, mode in ((TABLE, []), (CHARTS, ["CHART"])):
        found = link("http://127.0.0.1:5000/", "7", view)
        route = urlsplit(urlsplit(found).fragment)
        query = parse_qs(route.query)
        assert route.path == "/experiments/7/runs"
        assert query["workflowType"] == ["machine_learning"]
        assert query["viewStateShareKey"] == [view]
        assert query.get("compareRunsMode", []) == mode
