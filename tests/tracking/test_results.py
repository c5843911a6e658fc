"""All results of a pipeline: one run for each state of the report."""

from pathlib import Path

import pytest

from recurrent.common import files
from recurrent.common.paths import Results
from recurrent.tracking.results import CHAPTER, TrackedResults
from recurrent.tracking.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    return Store()


@pytest.fixture
def results(tmp_path: Path) -> TrackedResults:
    found = Results(tmp_path / "metrics", tmp_path / "data")
    files.write_json(found.summary, {"names": 0.98, "lyrics": None, "claims_hold": 31})
    files.write_text(found.report, "<html></html>")
    files.write_text(found.scores, "model,perplexity\none,1.5\ntwo,\n")
    return TrackedResults("lectures", "bundled", found, "c0ffee")


def test_a_run_has_the_report_the_headline_numbers_and_the_tables(
    store: Store, results: TrackedResults
) -> None:
    assert results.is_complete()
    assert store.publish(results, results.state())
    (run,) = store.client.search_runs([store.experiment(CHAPTER)])
    assert run.info.run_name == "lectures, bundled"
    assert run.data.metrics == {"held_out/names": 0.98, "claims_hold": 31.0}
    assert run.data.tags["mlflow.source.git.commit"] == "c0ffee"
    listed = {item.path for item in store.client.list_artifacts(run.info.run_id)}
    assert listed == {"report.html", "tables"}
    table = store.client.load_table(
        store.experiment(CHAPTER), "tables/scores.json", [run.info.run_id]
    )
    assert table.to_dict("list")["model"] == ["one", "two"]
    assert table["perplexity"][0] == 1.5 and table["perplexity"].isna()[1]


def test_another_state_of_the_results_is_another_run(store: Store, results: TrackedResults) -> None:
    first = results.state()
    assert store.publish(results, first)
    assert not store.publish(results, first)
    files.write_json(results.results.summary, {"claims_hold": 32})
    assert store.publish(results, results.state())
    assert len(store.client.search_runs([store.experiment(CHAPTER)])) == 2
    assert results.state() != first


def test_without_a_report_there_is_nothing_to_publish(tmp_path: Path) -> None:
    found = Results(tmp_path / "metrics", tmp_path / "data")
    assert not TrackedResults("lectures", "bundled", found).is_complete()
