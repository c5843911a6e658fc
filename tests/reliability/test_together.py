"""Two at once: one waits for the other, nothing is done twice, and the bytes are the same."""

import time
from pathlib import Path

import pytest

from tests.reliability import runs, small
from tests.reliability.ledger import Many, Promised
from tests.reliability.runs import Stage


def test_stages_that_share_a_store(
    tmp_path: Path, undisturbed: dict[str, bytes], promise: Promised, many: Many
) -> None:
    kept = promise(
        "Stages that run at once leave the bytes of one, and each run is trained once",
        "two of one experiment in one folder, and one in another folder with the same store",
    )
    for number in range(many(1, 20)):
        here, there = (runs.prepare(tmp_path / f"{name}-{number}") for name in ("here", "there"))
        (there / ".dvc").mkdir()
        config = f"[cache]\n    dir = {here / '.dvc/cache'}\n"
        (there / ".dvc/config.local").write_text(config, encoding="utf-8")
        ended = [stage.end() for stage in [Stage(here), Stage(here), Stage(there)]]
        kept.injected += 1
        assert [status for status, _ in ended] == [0, 0, 0], ended
        assert any("waiting for it to finish" in said for _, said in ended)
        trained = runs.trained(here) + runs.trained(there)
        assert len(trained) == len({*trained}) == runs.RUNS
        assert runs.results(here) == runs.results(there) == undisturbed


@pytest.mark.long
def test_pipelines_that_run_at_once(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "Two `recurrent repro` at once, and a temporary experiment, leave what one leaves",
        "two in one folder, and `dvc exp run --temp` beside them",
    )
    peace, war = (small.make(tmp_path / name) for name in ("peace", "war"))
    assert peace.recurrent("repro", "--jobs", "2").returncode == 0
    command = ("python", "-m", "recurrent", "repro", "--jobs", "2")
    both = [war.start(*command), war.start(*command)]
    time.sleep(2)
    temporary = war.run("dvc", "exp", "run", "--temp", "train@names_baselines")
    ended = [(process.communicate(), process.returncode) for process in both]
    kept.injected = 1
    assert [status for _, status in ended] == [0, 0], ended
    assert temporary.returncode == 0, temporary.stderr
    waited = [said for (_, said), _ in ended if "recurrent repro is already running" in said]
    assert len(waited) == 1 and "trained" not in waited[0], "the first had done it all"
    assert small.outputs(peace) == small.outputs(war)
