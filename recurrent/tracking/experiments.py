"""MLflow's experiment for each lecture: its description, and two views of its runs.

MLflow stores a shared view as JSON in a tag of the experiment; a link opens it. We write two views
for each lecture: a table of its runs with the most important columns, and charts with logarithmic
axes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

SHARED_VIEW = "mlflow.sharedViewState."  # prefix of a tag; the key of the view follows
TABLE, CHARTS = "runs", "charts"  # keys of our views
LANDING = {"workflowType": "machine_learning"}  # otherwise MLflow opens its view for LLM traces
TRAINING = "training"
UNSMOOTHED = {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""}
SECTION = "Overview"  # of our charts
DATASET = "attributes.`Dataset`"
FIRST_COLUMNS = ("1", "attributes.`Run Name`")  # MLflow's ids; the first has the checkboxes


@dataclass(frozen=True)
class TrackedExperiment:
    """An MLflow experiment: a lecture, or the report on all lectures."""

    key: str
    title: str
    description: str = ""  # Markdown
    columns: tuple[str, ...] = ()  # metrics in the table of runs, the most important first
    charts: tuple[str, ...] = ()  # metrics, each with a chart
    higher_is_better: bool = False
    kind: str = TRAINING

    def tags(self) -> dict[str, str]:
        """Return the tags of the experiment."""
        return {
            "mlflow.note.content": self.description,
            "mlflow.experimentKind": "custom_model_development",
            "kind": self.kind,
            "lecture": self.key,
            f"{SHARED_VIEW}{TABLE}": json.dumps(self.table()),
            f"{SHARED_VIEW}{CHARTS}": json.dumps({**self.table(), **self.panels()}),
        }

    def table(self) -> dict[str, Any]:
        """Return the state of the view of runs: columns and order."""
        metrics = [f"metrics.`{name}`" for name in self.columns]
        others = ["params.`seeds`", "tags.`source`", DATASET]
        state: dict[str, Any] = {
            "selectedColumns": [*metrics, *others, "attributes.`Models`"],
            "columnOrder": [*FIRST_COLUMNS, *metrics, *others],
            "columnWidths": {**dict.fromkeys(metrics, 150), DATASET: 180},
        }
        if metrics:
            state |= {"orderByKey": metrics[0], "orderByAsc": not self.higher_is_better}
        return state

    def panels(self) -> dict[str, Any]:
        """Return the state of the view of charts."""
        return panels([chart(name) for name in self.charts])


def panels(charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the state of a view with these charts in a section above all others."""
    section = {"uuid": SECTION, "name": SECTION, "display": True, "isReordered": True}
    return {
        "runsHiddenMode": "FIRST_20_RUNS",
        "isAccordionReordered": True,  # our section stays first
        "globalLineChartConfig": UNSMOOTHED,
        "compareRunCharts": [*charts],
        "compareRunSections": [section],
    }


def chart(name: str) -> dict[str, Any]:
    """Return the chart of a metric: lines over epochs, or bars for a score."""
    lines = {"type": "LINE", "xAxisKey": "step", "scaleType": "log", "lineSmoothness": 0}
    kind = {"type": "BAR"} if name.startswith("test/") else lines
    return {**panel(name), "metricKey": name, **kind}


def parallel_coordinates(parameters: Sequence[str], metric: str) -> dict[str, Any]:
    """Return a chart with a line for each run, through its parameters and a metric."""
    chosen = {"selectedParams": [*parameters], "selectedMetrics": [metric], "showAllRuns": True}
    return {**panel("parallel"), "type": "PARALLEL", **chosen}


def panel(name: str) -> dict[str, Any]:
    """Return the settings that all charts of our section share."""
    return {
        "uuid": name,
        "displayName": name,
        "metricSectionId": SECTION,
        "runsCountToCompare": 20,
        "deleted": False,
        "isGenerated": False,
    }


def link(base: str, experiment_id: str, view: str) -> str:
    """Return the URL of a view of an experiment's runs."""
    mode = {"compareRunsMode": "CHART"} if view == CHARTS else {}
    query = urlencode({**LANDING, **mode, "viewStateShareKey": view})
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs?{query}"
