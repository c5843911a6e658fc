"""What `recurrent repro EXPERIMENT` prints at its end."""

import re

import pytest

from recurrent.commands import summary
from recurrent.common import config, files
from tests.project import Project


@pytest.mark.usefixtures("project")
def test_scores_of_some_experiments_have_split_unit_and_direction(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    settings = config.load()
    found = {
        "names_gated": ("accuracy", "test", {"accuracy": 0.002}, {"accuracy": 0.99}),
        "names_char_rnn": ("accuracy", "test", None, None),
        "hard_clipping": ("loss", "train", None, None),
    }
    for experiment, (metric, split, sd, bayes) in found.items():
        for variant in settings.variants(experiment):
            report = {"metric": metric, "split": split, "mean": {metric: 0.97}}
            report["dataset"] = variant.dataset
            path = settings.results.evaluation(experiment, variant.variant)
            files.write_json(path, {**report, "sd": sd, "bayes": bayes})
    summary.show_scores(dict.fromkeys(found, settings))
    shown = " ".join(capsys.readouterr().out.split())  # a long title is broken
    assert re.search(r"^B3 · .*: accuracy, higher is better", shown)
    assert re.search(r"names_gated/gru 0.9700 ± 0.0020 0.9900 held-out", shown)
    assert re.search(r"names_char_rnn/lecture 0.9700 test, partly trained on", shown)
    assert "loss, nats per character, lower is better" in shown
    assert re.search(r"hard_clipping/norm_1 0.9700 training", shown)


def test_an_experiment_without_variants_has_no_table(project: Project) -> None:
    settings = config.load()
    empty = settings.experiments["names_gated"].model_copy(update={"variants": {}})
    known = settings.model_copy(update={"experiments": {"names_gated": empty}})
    assert summary.scores("names_gated", known) is None
