"""The GPU benchmark: its script on a CPU, its page, its limits, and what it compares."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from benchmarks.gpu import agreement, epochs, page, project, workers
from benchmarks.gpu import tests as cuda_tests
from benchmarks.gpu.monitor import COMMAND, Monitor, multi_process_service
from benchmarks.gpu.options import Options
from recurrent.common import config, files
from recurrent.common.errors import PipelineError
from recurrent.data.fetch import MIRROR_VARIABLE
from recurrent.training.fingerprint import Run, plan
from recurrent.training.store import FILES, RunStore
from tests.project import ROOT
from tests.training.small import edit, write_project

LACKING = ("dvc", "mlflow", "jieba")  # on a bare machine
PARTS = tuple(page.SECTIONS)
SOON = 60.0  # seconds


def options(out: Path, **changes: Any) -> Options:
    """The options of a quick run on a CPU."""
    values = {"device": "cpu", "quick": True, "jobs": 1, "store": None, "out": out}
    return Options(**{**values, **changes})


def test_the_script_runs_on_a_cpu_without_what_a_bare_machine_lacks(tmp_path: Path) -> None:
    for name in LACKING:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError({name!r})")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    environment.pop(MIRROR_VARIABLE, None)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks.gpu", "--device", "cpu", "--quick"]
    done = subprocess.run(
        [*command, "--jobs", "1", "--out", str(out)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    text = (out / "gpu.md").read_text(encoding="utf-8")
    assert "Not measured yet" not in text and "Failed" not in text
    assert all(f"## {title}" in text for title, _ in page.SECTIONS.values())
    found = {part: files.read_json(out / "gpu" / f"{part}.json") for part in PARTS}
    assert {one["quick"] for one in found.values()} == {True}
    (tested,) = found["tests"]["rows"]
    assert tested["passed"] + tested["skipped"] > 0 and tested["failed"] == 0
    timed = found["epochs"]["rows"]
    assert [row["network"] for row in timed] == [*epochs.QUICK]
    assert all(min(row["plain"], row["eager"], row["graphs"]) > 0 for row in timed)
    trained = found["training"]
    assert {row["name"] for row in trained["rows"]} == {*project.QUICK}
    assert trained["runs"] == trained["planned"] == len(project.QUICK)
    assert {*trained["corpora"].values()} == {"bundled"}
    assert any(value["id"] == "A1.train_loss_smoothed.epoch_1" for value in trained["values"])
    assert f"{len(project.QUICK)} variants were trained on bundled" in text
    assert [row["workers"] for row in found["workers"]["rows"]] == [*workers.QUICK_COUNTS]
    assert all(row["runs"] == row["planned"] > 0 for row in found["workers"]["rows"])


def test_the_page_is_rendered_from_its_data(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "metrics/bench/gpu", tmp_path / "gpu")
    rendered = page.write(tmp_path).read_text(encoding="utf-8")
    assert rendered == (ROOT / "metrics/bench/gpu.md").read_text(encoding="utf-8")


def test_a_page_lists_the_parts_that_are_missing(tmp_path: Path) -> None:
    assert page.write(tmp_path).read_text(encoding="utf-8").count("Not measured yet") == len(PARTS)


def test_numbers_agree_within_the_stated_tolerance(tmp_path: Path) -> None:
    here = options(tmp_path)
    with pytest.raises(PipelineError, match="Run the part `training` first"):
        agreement.measure(here, SOON)
    on_cpu = 1.552408  # metrics/upstream/published.csv
    number = {"id": "A4.valid_loss.epoch_4", "sd": 0.004, "source": "upstream"}
    loss = {"name": "nietzsche_rnn/lecture", "ours": 1.5, "sd": None}

    def verdicts(ours: float, sd: float = 0.004, source: str = "upstream") -> list[bool]:
        training = {
            "values": [{**number, "ours": ours, "sd": sd, "source": source}],
            "losses": [{**loss, "ours": ours, "source": source}],
        }
        files.write_json(here.data("training"), training)
        return [row["agrees"] for row in agreement.measure(here, SOON)["rows"]]

    assert verdicts(on_cpu + 0.019) == [True, True]  # the published number's tolerance: 0.02
    assert verdicts(on_cpu - 0.03) == [False, True]  # a loss: 3 %
    assert verdicts(on_cpu + 0.06) == [False, False]
    assert verdicts(on_cpu + 0.06, sd=0.04) == [True, False]  # two standard deviations
    assert verdicts(on_cpu, source="bundled") == []


def test_failed_tests_are_named(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1" time="2.5">'
        '<testcase classname="a" name="good"/><testcase classname="a" name="left"><skipped/>'
        '</testcase><testcase classname="a" name="bad"><failure/></testcase>'
        '<testcase classname="b" name="broken"><error/></testcase></testsuite></testsuites>'
    )
    found = cuda_tests.read(report)
    assert found["rows"] == [{"passed": 1, "failed": 2, "skipped": 1, "seconds": 2.5}]
    assert found["notes"] == ["Failed: a.bad", "Failed: b.broken"]


def test_tests_that_take_too_long_are_stopped(tmp_path: Path) -> None:
    (note,) = cuda_tests.measure(options(tmp_path), time.monotonic() + 0.1)["notes"]
    assert "stopped" in note


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Three runs of a small project, which is entered."""
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield plan(edit(tmp_path, {}), "writing")


def finish(run: Run, store: RunStore) -> None:
    """Write a finished run into the store."""
    store.place(run.fingerprint).mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (store.place(run.fingerprint) / name).write_text("{}")
    store.finish(run.fingerprint, {})


def test_a_failing_run_does_not_stop_the_others(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, bad = RunStore(tmp_path / "store"), runs[0]

    def fill(missing: list[Run], *_: object) -> None:
        if bad in missing:
            store.place(bad.fingerprint).mkdir(parents=True)
            raise PipelineError("the loss became NaN.", where=str(bad))
        for run in missing:
            finish(run, store)

    monkeypatch.setattr(project, "fill", fill)
    faults = project.train(runs, options(tmp_path).runtime, 1, store, time.monotonic() + SOON)
    assert len(faults) == 1 and "the loss became NaN" in faults[0]
    assert project.unfinished(runs, store) == [bad]


def test_training_stops_when_its_time_is_used(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path / "store")

    def fill(missing: list[Run], *_: object) -> None:
        finish(missing[0], store)
        time.sleep(SOON)

    monkeypatch.setattr(project, "fill", fill)
    started = time.monotonic()
    faults = project.train(runs, options(tmp_path).runtime, 1, store, started + 3)
    assert time.monotonic() - started < SOON / 2
    assert faults == ["The time was used: 2 runs are missing."]


def test_every_number_of_processes_trains_all_runs(
    runs: list[Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled: list[tuple[int, list[Run]]] = []

    def fill(missing: list[Run], _: object, count: int, store: RunStore) -> None:
        filled.append((count, missing))
        for run in missing:
            finish(run, store)

    monkeypatch.setattr(project, "fill", fill)
    here = project.Project(runs, config.load(), {"c": "bundled"}, [])
    monkeypatch.setattr(workers, "project", lambda *_: nullcontext(here))
    found = workers.measure(options(tmp_path, quick=False), time.monotonic() + SOON)
    assert filled == [(count, runs) for count in (1, 2, 4)]
    assert [(row["workers"], row["runs"], row["planned"]) for row in found["rows"]] == [
        (count, len(runs), len(runs)) for count in (1, 2, 4)
    ]


def test_every_network_is_trained_from_three_seeds(tmp_path: Path) -> None:
    here = options(tmp_path, quick=False)
    settings = project.merged(here, mirrored=True)
    chosen, left_out = project.choose(settings, here, ())
    of_all = [*settings.variants()]
    fitted = sum(one.training.method == "fit" for one in of_all)
    assert fitted and len(chosen) == len(of_all) - fitted
    assert {one.seeds for one in chosen} == {(0, 1, 2)}
    assert settings.find("lyrics_gru/lecture").training.epochs == 160
    assert left_out == [f"{fitted} variants with `method: fit`, which train on the CPU: left out."]
    wanted, _ = project.choose(settings, here, workers.WANTED)
    assert {one.name for one in wanted} == {*workers.WANTED}


@pytest.mark.usefixtures("project")
def test_a_corpus_that_the_mirror_lacks_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, str(tmp_path))
    with (
        pytest.raises(PipelineError, match="no corpus is available"),
        project.project(options(tmp_path)),
    ):
        pass


def program(folder: Path, name: str, script: str) -> None:
    """Write an executable script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_gpu_is_watched_if_there_is_nvidia_smi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Monitor() as none:
        pass
    assert none.utilisation is None and none.gibibytes is None
    lines, ready = ("0, 1024", "[N/A], 1", "80, 3072"), tmp_path / "ready"
    script = "\n".join(f"echo '{line}'" for line in lines)
    program(tmp_path, "nvidia-smi", f"{script}\necho > {ready}\nexec sleep {SOON}")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    with Monitor() as seen:
        while not ready.exists():
            time.sleep(0.01)
    assert seen.utilisation == pytest.approx(0.4)
    assert seen.gibibytes == pytest.approx(2)


def test_processes_share_the_gpu_where_mps_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    with multi_process_service(tmp_path / "a") as started:
        assert not started
    program(tmp_path, COMMAND, f'echo "$@" >> {tmp_path}/log; [ "$1" ] || cat >> {tmp_path}/log')
    with multi_process_service(tmp_path / "b") as started:
        assert started and Path(os.environ["CUDA_MPS_PIPE_DIRECTORY"]).is_dir()
    assert "CUDA_MPS_PIPE_DIRECTORY" not in os.environ
    assert (tmp_path / "log").read_text().split() == ["-d", "quit"]
    program(tmp_path, COMMAND, "exit 1")
    with multi_process_service(tmp_path / "c") as started:
        assert not started
