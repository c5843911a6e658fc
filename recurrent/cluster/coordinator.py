"""The coordinator's side: `connect` turns a Dask scheduler's address into a cluster for jobs."""

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from recurrent.cluster import task
from recurrent.cluster.checkout import describe, differences
from recurrent.cluster.parcel import Parcel
from recurrent.common import paths
from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import data_digest
from recurrent.training.job import Training
from recurrent.training.store import HISTORY, RunStore

if TYPE_CHECKING:
    import distributed

PATIENCE_S = 10  # until a scheduler answers, and has a worker
RETRIES = 2  # of a run whose training process was killed
GUIDE = "docs/cluster.md"


@contextmanager
def connect(
    address: str | None, runtime: Runtime, slots: int | None = None
) -> Iterator["Cluster | None"]:
    """Yield the workers of a Dask scheduler for `run_jobs(cluster=...)`; None without an address.

    `slots` is how many runs they train at once; by default, as many as they have threads. Workers
    whose checkout or environment is not ours are refused.
    """
    if address is None:
        yield None
        return
    try:
        import dask
        import distributed
    except ImportError as missing:
        raise PipelineError(
            f"a cluster needs dask.distributed ({missing}).",
            where="--cluster",
            remedy="Run: pip install --editable '.[cluster]'",
        ) from missing
    for logger in ("distributed", "distributed.client"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # we say ourselves what matters
    try:
        client = distributed.Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as fault:
        raise PipelineError(
            f"no Dask scheduler answers ({fault}).",
            where=address,
            remedy=f"Start one with `dask scheduler` ({GUIDE}), or leave out --cluster.",
        ) from fault
    # Datasets travel inside tasks, so that no dead worker takes one with it.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        expected = describe(runtime)
        workers = find_workers(client, address)
        refuse_others(client, address, runtime, expected)
        cluster = Cluster(client, address, expected, slots or sum(workers.values()), [*workers])
        note(f"{len(workers)} worker{'s' * (len(workers) != 1)} at {address}")
        try:
            yield cluster
        except Exception:
            cluster.finish()
            raise
        finally:
            cluster.close()


def find_workers(client: "distributed.Client", address: str) -> dict[str, int]:
    """Return the threads of each worker, by its address."""
    import distributed

    try:
        client.wait_for_workers(1, timeout=PATIENCE_S)
    except distributed.TimeoutError as none:
        raise PipelineError(
            "the scheduler has no workers.",
            where=address,
            remedy=f"Start some: `dask worker {address}` in checkouts of this commit ({GUIDE}).",
        ) from none
    return dict(client.nthreads())


def refuse_others(
    client: "distributed.Client", address: str, runtime: Runtime, expected: dict[str, str]
) -> None:
    """Refuse workers whose checkout or environment is not ours."""
    found = client.run(describe, runtime, on_error="return")
    reasons = {
        worker: f"cannot be checked ({one})"
        if isinstance(one, BaseException)
        else differences(one, expected)
        for worker, one in found.items()
    }
    refused = [f"worker {worker} {why}" for worker, why in sorted(reasons.items()) if why]
    if refused:
        raise PipelineError(
            "; ".join(refused) + ".",
            where=address,
            remedy="Start it again in a checkout of the same commit, with the packages of "
            f"requirements.txt ({GUIDE}).",
        )


class Cluster:
    """The workers of a Dask scheduler. A thread here waits for each run."""

    def __init__(
        self,
        client: "distributed.Client",
        address: str,
        expected: dict[str, str],
        slots: int,
        workers: list[str],
    ) -> None:
        self.slots = slots
        self._client, self._address, self._expected = client, address, expected
        self._workers = {*workers}
        self._threads = ThreadPoolExecutor(slots)
        self._tasks: set[distributed.Future[task.Answer]] = set()
        self._histories: dict[str, Path] = {}  # of the runs that are trained now
        self._adding = Lock()
        self._topic = f"recurrent-{uuid4().hex}"
        self._closed = False
        client.subscribe_topic(self._topic, self._add_history)
        client.subscribe_topic("all", self._note_workers)

    def submit(self, work: Training, /) -> Future[Any]:
        """Train a run on a worker; return what the work returns there."""
        return self._threads.submit(self._train, work)

    def finish(self) -> None:
        """Wait for the runs that are trained now."""
        self._threads.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Cancel what still runs. Workers stop after the epoch, with a checkpoint."""
        self._closed = True
        self._client.cancel([*self._tasks])
        self._threads.shutdown(cancel_futures=True)

    def _train(self, training: Training) -> Any:
        """Train a run on a worker, and put its files into the run store."""
        run, store = training.run, RunStore(training.store)
        with store.filling(run.fingerprint, f"run {run}") as place:
            self._histories[run.fingerprint] = place / HISTORY
            try:
                done = self._compute(training)
            finally:
                with self._adding:
                    del self._histories[run.fingerprint]
            done.parcel.unpack(place)
            if done.about is not None:
                store.finish(run.fingerprint, done.about)
        return done.value

    def _compute(self, training: Training) -> task.Done:
        """Return the answer of the first worker that can train a run."""
        encoded = paths.encoded(training.run.variant.dataset)
        data = data_digest(encoded)
        sent, preferred = None, None
        while True:
            answer = self._ask(training, data, sent, preferred)
            if isinstance(answer, task.Done):
                return answer
            if isinstance(answer, task.Failed):
                raise answer.error
            if isinstance(answer, task.Lacks):
                names = sorted(path.name for path in encoded.iterdir())
                sent, preferred = Parcel.pack(encoded, names), answer.worker
            else:  # it joined later, and would be given one run after another
                note(f"warning: worker {answer.worker} {answer.why}; it is sent away")
                self._client.retire_workers([answer.worker])

    def _ask(
        self, training: Training, data: str, sent: Parcel | None, preferred: str | None
    ) -> task.Answer:
        """Return a worker's answer to a task."""
        import distributed
        from distributed.protocol.pickle import dumps, loads

        run = training.run
        work = partial(task.train, training, self._expected, data, sent, self._topic)
        future = self._client.submit(
            lambda content: loads(content)(),  # so that the scheduler need not have this project
            dumps(work),
            key=f"{run}: {uuid4().hex[:8]}",
            workers=preferred,
            allow_other_workers=preferred is not None,
            retries=RETRIES,
            pure=False,
        )
        self._tasks.add(future)
        try:
            answer: task.Answer = future.result()
        except CancelledError as lost:
            if self._closed:
                raise
            raise PipelineError(
                "the connection to the scheduler was lost.",
                where=self._address,
                remedy="Finished runs are kept. Run the same command again once the scheduler and "
                "its workers are back, or leave out --cluster to go on here.",
            ) from lost
        except distributed.KilledWorker as killed:
            raise PipelineError(
                f"{killed.allowed_failures + 1} workers were killed while they trained it.",
                where=str(run),
                remedy="Their logs may say why (out of memory?). Finished runs are kept.",
            ) from killed
        except Exception as fault:
            raise PipelineError(
                f"it failed on {RETRIES + 1} workers, the last time with: {fault}.",
                where=str(run),
                remedy="The log of the worker says more. Finished runs are kept.",
            ) from fault
        finally:
            self._tasks.discard(future)
        return answer

    def _add_history(self, event: tuple[float, Any]) -> None:
        """Write new lines of a run's history where its progress is looked up."""
        _, new = event
        with self._adding:
            path = self._histories.get(new["run"])
            if path is None:
                return
            with path.open("r+b" if path.exists() else "wb") as file:
                file.seek(new["at"])
                file.write(new["text"])
                file.truncate()

    def _note_workers(self, event: tuple[float, Any]) -> None:
        """Say which workers come and go."""
        _, what = event
        action, worker = what.get("action"), what.get("worker")
        if self._closed or action not in ("add-worker", "remove-worker"):
            return
        if action == "add-worker":
            self._workers.add(worker)
            note(f"worker {worker} joined")
        else:
            self._workers.discard(worker)
            note(f"warning: worker {worker} is gone; others do its runs")
            if not self._workers:
                note(f"waiting for a worker at {self._address}; finished runs are kept")
