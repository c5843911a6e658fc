"""An MLflow experiment for each lecture: its description, and prepared views of its runs.

MLflow's page keeps a shared view as JSON in a tag of the experiment, and opens it by a link. We
write two for each lecture: a table of the runs with the columns that matter, and charts with
logarithmic axes.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

SHARED_VIEW = "mlflow.sharedViewState."  # tag: the key of a view follows
TABLE, CHARTS = "runs", "charts"  # keys of our views
LANDING = {"workflowType": "machine_learning"}  # else the page opens its view for LLM traces
TRAINING = "training"


@dataclass(frozen=True)
class Chapter:
    """An experiment as MLflow shows it: a lecture, or the report on all of them."""

    key: str
    title: str
    description: str = ""  # Markdown
    columns: tuple[str, ...] = ()  # metrics in the table of runs, the most important first
    charts: tuple[str, ...] = ()  # metrics with a chart each
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
        others = ["params.`seeds`", "attributes.`Dataset`", "attributes.`Models`"]
        state: dict[str, Any] = {"selectedColumns": [*metrics, *others]}
        if metrics:
            state |= {"orderByKey": metrics[0], "orderByAsc": not self.higher_is_better}
        return state

    def panels(self) -> dict[str, Any]:
        """Return the state of the view of charts: a section for each part, such as `train`."""
        charts = [*self._charts()]
        sections = dict.fromkeys(chart["metricSectionId"] for chart in charts)
        return {
            "runsHiddenMode": "FIRST_20_RUNS",
            "isAccordionReordered": True,  # our sections stay first
            "compareRunCharts": charts,
            "compareRunSections": [
                {"uuid": one, "name": one, "display": True, "isReordered": True, "deleted": False}
                for one in sections
            ],
        }

    def _charts(self) -> Iterator[dict[str, Any]]:
        for name in self.charts:
            section, _, metric = name.rpartition("/")
            of_epochs = section != "test"
            yield {
                "uuid": name,
                "type": "LINE" if of_epochs else "BAR",
                "metricKey": name,
                "displayName": metric,
                "metricSectionId": section,
                "runsCountToCompare": 20,
                "deleted": False,
                "isGenerated": False,
                **({"xAxisKey": "step", "scaleType": "log"} if of_epochs else {}),
            }


def link(base: str, experiment_id: str, view: str) -> str:
    """Return the address of a view of an experiment's runs in MLflow's page."""
    mode = {"compareRunsMode": "CHART"} if view == CHARTS else {}
    query = urlencode({**LANDING, **mode, "viewStateShareKey": view})
    return f"{base.rstrip('/')}/#/experiments/{experiment_id}/runs?{query}"
