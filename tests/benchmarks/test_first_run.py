"""The first-run benchmark: phases, causes, other numbers of processors, and its page."""

import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks import first_run, modes
from benchmarks.first_run import JobTime
from benchmarks.first_run_page import page
from recurrent.common import files

JOBS = {
    "data lyrics": JobTime(102.0, 4.0),
    "lyrics_gru/lecture, seed 0": JobTime(106.0, 10.0),
    "lyrics_gru/lecture, seed 1": JobTime(106.0, 8.0),
    "evaluate lyrics_gru/lecture": JobTime(116.0, 2.0),
}
LINES = [
    (101.0, "Running stage 'encode@lyrics_lecture':"),
    (120.0, "Running stage 'train@lyrics_gru':"),
    (121.0, "Updating lock file 'dvc.lock'"),
    (122.0, "Running stage 'evaluate@lyrics_gru':"),
    (125.0, "Running stage 'report':"),
]
FOUND: dict[str, Any] = {
    "machine": "a processor",
    "processors": 2,
    "environment_s": 90.5,
    "pipeline_s": 700.0,
    "others_share": 0.03,
    "noop_s": 3.5,
    "stage_overhead_s": 1.2,
    "timeline_s": {"planning": 30.0, "jobs": 10.0},
    "cpu_s": {"train": 3.0, "evaluate": 1.0},
    "projected_s": {"1": 600.0, "2": 330.0},
    "strict_over_fast": {"Char3": 1.25},
}


def test_each_phase_has_its_seconds() -> None:
    assert first_run.timeline(100.0, 130.0, LINES, JOBS) == {
        "planning": 2, "jobs": 16, "start of dvc repro": 2, "train": 2, "evaluate": 3,
        "report, publishing to MLflow": 5,
    }  # fmt: skip


def test_cpu_seconds_have_a_cause() -> None:
    durations = {name: job.took for name, job in JOBS.items()}
    found = first_run.cpu_by_cause(30.0, durations)
    assert [*found.values()] == [18, 2, 0, 4, 6]


def test_jobs_of_the_projection_depend_on_each_other_as_they_did() -> None:
    vectors = {
        "evaluate sales_methods_on_vectors/forest": 1.0,
        "sales_methods_on_vectors/forest, seed 0": 1.0,
        "embed sales_vectors": 1.0,
        "sales_networks/embeddings, seed 0": 1.0,
    }
    found = first_run.as_jobs({**vectors, **dict.fromkeys(JOBS, 1.0)})
    jobs = {job.name: job.depends_on for job in found}
    names = [job.name for job in found]
    runs = {name for name in JOBS if name.startswith("lyrics")}
    assert jobs["evaluate lyrics_gru/lecture"] == runs
    assert all(jobs[name] == {"data lyrics"} for name in runs)
    evaluation, methods, embed, network = vectors
    assert (jobs[evaluation], jobs[methods], jobs[embed]) == ({methods}, {embed}, {network})
    assert all(names.index(other) < names.index(name) for name in names for other in jobs[name])


def test_the_log_of_jobs_is_read(tmp_path: Path) -> None:
    log = tmp_path / "jobs.csv"
    log.write_text('job,started,seconds\n"a/b, seed 0",1.50,2.25\n')
    assert first_run.read_jobs(log) == {"a/b, seed 0": JobTime(1.5, 2.25)}


def test_the_page_shows_what_was_measured() -> None:
    found = page(FOUND)
    for text in (
        "11 min 40 s",
        "1 min 30 s",
        "3.5 s",
        "other programs used\n3% of the processors",
        "| planning | 30 | 75% |",
        "| 2 | 5.5 |",
        "1.25",
    ):
        assert text in found
    assert "beyond" not in page(FOUND), "it was not measured"


def test_results_are_written_as_data_as_a_page_and_as_lengths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_run, "OUT", tmp_path / "metrics/bench")
    monkeypatch.setattr(first_run, "ROOT", tmp_path)
    first_run.write(FOUND, {"a/b, seed 0": 2.25, "evaluate a/b": 1.0})
    assert files.read_json(tmp_path / "metrics/bench/first-run.json") == FOUND
    text = (tmp_path / "metrics/bench/seconds.csv").read_text()
    assert text == 'job,seconds\n"a/b, seed 0",2.2\n"evaluate a/b",1.0\n'


def test_a_batch_of_each_network_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes, "BATCHES", 1)
    monkeypatch.setattr(modes, "REPEATS", 1)
    one = {"GRU from scratch": modes.WORKLOADS["GRU from scratch"]}
    monkeypatch.setattr(modes, "WORKLOADS", one)
    started = time.perf_counter()
    found = dict(modes.measured("fast"))
    assert 0 < found["GRU from scratch"] < time.perf_counter() - started
