"""A made-up lecture, two experiments of it, and what was measured of them."""

from pathlib import Path
from typing import Any

from recurrent import config as params
from recurrent.config import Params
from recurrent.evaluation import replication
from recurrent.evaluation.lectures import Lecture
from recurrent.evaluation.line import Line
from recurrent.config import Experiment
from tests.evaluation.figures import figure
from tests.project import ROOT

REAL = params.load(ROOT / "params.yaml")
UPSTREAM = {"source": "upstream", "name": "names.txt"}
BUNDLED = {"source": "bundled", "name": "generated"}


def experiment(name: str, **changes: object) -> Experiment:
    """A network of the lecture, or its baseline without one."""
    training = REAL.experiments["names_rnn" if name == "net" else "names_bayes"].training
    return REAL.experiments["names_rnn"].model_copy(
        update={"lecture": "made_up", "dataset": "small", "training": training, **changes}
    )


def evaluation(accuracy: float, seeds: int, origin: dict[str, str] = UPSTREAM) -> dict[str, Any]:
    def figures(accuracy: float) -> dict[str, float]:
        return {"accuracy": accuracy, "log_loss": 0.3, "calibration_error": 0.02}

    return {
        "origin": origin,
        "protocol": "held-out",
        "floor": {"accuracy": 0.99, "expected_accuracy": 0.98, "log_loss": 0.1},
        "by_seed": {seed: figures(accuracy) for seed in range(seeds)},
        "mean": figures(accuracy),
        **({"spread": figures(0.001)} if seeds > 1 else {}),
    }


LECTURES = {
    "made_up": Lecture(
        title="A lecture",
        headline="accuracy",
        better="higher",
        own_row="B3",
        rows=["B1", "B2", "B3", "B4"],
        figures=[
            figure(
                row="B1",
                metric="count of 王",
                printed=50,
                tolerance=0,
                better=None,
                experiment=None,
                report="clean/names.json",
                key=["most_frequent", "王"],
            ),
            figure(),
            figure(row="B4", experiment="never_run"),
        ],
    )
}
EVALUATIONS = {"net": evaluation(0.97, 3), "bayes": evaluation(0.95, 1)}


def made_up(**experiments: Experiment) -> Params:
    update = {"source": "upstream", "experiments": experiments}
    return REAL.model_copy(update=update)


SETTINGS = made_up(net=experiment("net"), bayes=experiment("bayes"))


def table(
    metrics: Path, evaluations: dict[str, dict[str, Any]] = EVALUATIONS, settings: Params = SETTINGS
) -> list[Line]:
    return replication.table(LECTURES, settings, evaluations, metrics)
