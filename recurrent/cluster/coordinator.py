"""The coordinator of a cluster: `connect` yields the workers of a Dask scheduler for jobs."""

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from recurrent.cluster import task
from recurrent.cluster.bundle import FileBundle
from recurrent.cluster.checkout import describe, differences
from recurrent.common import paths
from recurrent.common.config import Runtime
from recurrent.common.console import note
from recurrent.common.errors import PipelineError
from recurrent.training.fingerprint import data_digest
from recurrent.training.job import Training
from recurrent.training.store import RunStore

if TYPE_CHECKING:
    import distributed

TIMEOUT_S = 10  # for the scheduler, and for a first worker
RETRIES = 2  # of a run whose training process was killed
GUIDE = "docs/cluster.md"


@contextmanager
def connect(
    address: str | None, runtime: Runtime, slots: int | None = None
) -> Iterator["Cluster | None"]:
    """Yield the workers of a Dask scheduler for `run_jobs(cluster=...)`; None without an address.

    `slots` is the number of parallel runs; the default is the number of their threads. Refuse
    workers whose checkout or environment differs from ours.
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
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # we report failures ourselves
    try:
        client = distributed.Client(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as fault:
        raise PipelineError(
            f"no Dask scheduler answers ({fault}).",
            where=address,
            remedy=f"Start one with `dask scheduler` ({GUIDE}), or leave out --cluster.",
        ) from fault
    # Tasks contain their datasets, so that a dead worker loses none. Do not warn of their size.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        expected = describe(runtime)
        workers = find_workers(client, address)
        refuse_different_workers(client, address, runtime, expected)
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
        client.wait_for_workers(1, timeout=TIMEOUT_S)
    except distributed.TimeoutError as none:
        raise PipelineError(
            "the scheduler has no workers.",
            where=address,
            remedy=f"Start some: `dask worker {address}` in checkouts of this commit ({GUIDE}).",
        ) from none
    return dict(client.nthreads())


def refuse_different_workers(
    client: "distributed.Client", address: str, runtime: Runtime, expected: dict[str, str]
) -> None:
    """Refuse workers whose checkout or environment differs from ours."""
    found = client.run(describe, runtime, on_error="return")
    reasons = {
        worker: f"cannot be checked ({one!r}); it may not be started in a checkout"
        if isinstance(one, BaseException)
        else differences(one, expected)
        for worker, one in found.items()
    }
    refused = [f"worker {worker} {why}" for worker, why in sorted(reasons.items()) if why]
    if refused:
        raise PipelineError(
            "; ".join(refused) + ".",
            where=address,
            remedy="Restart it in a checkout of the same commit, with the packages of "
            f"requirements.txt ({GUIDE}).",
        )


class Cluster:
    """The workers of a Dask scheduler. Here, a thread waits for each run."""

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
        self._epochs: dict[str, int] = {}  # finished epochs of each run
        self._topic = f"recurrent-{uuid4().hex}"
        self._closed = False
        client.subscribe_topic(self._topic, self._record_epochs)
        client.subscribe_topic("all", self._report_worker)

    def submit(self, work: Training, /) -> Future[Any]:
        """Train a run on a worker; return what the work returns there."""
        return self._threads.submit(self._train_and_store, work)

    def progress(self, work: Training, /) -> float:
        """Return how many of its epochs a run has finished, from 0 to 1."""
        run = work.run
        return self._epochs.get(run.fingerprint, 0) / run.variant.training.epochs

    def finish(self) -> None:
        """Wait for the runs in progress."""
        self._threads.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Cancel the runs in progress. Workers stop after the epoch, with a checkpoint."""
        self._closed = True
        self._client.cancel([*self._tasks])
        self._threads.shutdown(cancel_futures=True)

    def _train_and_store(self, training: Training) -> Any:
        """Train a run on a worker, and put its files into the run store."""
        run, store = training.run, RunStore(training.store)
        done = self._train_remotely(training)
        # Not locked before: a worker on this machine may use the same store.
        with store.filling(run.fingerprint, f"run {run}") as place:
            if not store.finished(run.fingerprint):
                done.files.unpack(place)
                if done.about is not None:
                    store.finish(run.fingerprint, done.about)
        return done.value

    def _train_remotely(self, training: Training) -> task.Done:
        """Train a run on the first worker that accepts it; send the dataset where it is missing."""
        encoded = paths.encoded(training.run.variant.dataset)
        digest = data_digest(encoded)
        sent, preferred = None, None
        while True:
            answer = self._run_task(training, digest, sent, preferred)
            if isinstance(answer, task.Done):
                return answer
            if isinstance(answer, task.Failed):
                raise answer.error
            if isinstance(answer, task.MissingDataset):
                names = sorted(path.name for path in encoded.iterdir())
                sent, preferred = FileBundle.pack(encoded, names), answer.worker
            else:  # it joined later, and Dask would give it one run after another
                note(f"warning: worker {answer.worker} {answer.why}; it is removed")
                self._client.retire_workers([answer.worker])

    def _run_task(
        self, training: Training, digest: str, sent: FileBundle | None, preferred: str | None
    ) -> task.Answer:
        """Run a task on a worker, and return its answer."""
        import distributed
        from distributed.protocol.pickle import dumps, loads

        run = training.run
        work = partial(task.train, training, self._expected, digest, sent, self._topic)
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
                "its workers are back, or leave out --cluster to continue on this machine.",
            ) from lost
        except distributed.KilledWorker as killed:
            raise PipelineError(
                f"{killed.allowed_failures + 1} workers were killed while they trained this run.",
                where=str(run),
                remedy="See their logs (out of memory?). Finished runs are kept.",
            ) from killed
        except Exception as fault:
            raise PipelineError(
                f"the run failed {RETRIES + 1} times, the last time with: {fault}.",
                where=str(run),
                remedy="See the log of the worker. Finished runs are kept.",
            ) from fault
        finally:
            self._tasks.discard(future)
        return answer

    def _record_epochs(self, event: tuple[float, Any]) -> None:
        """Record how many epochs of a run a worker has finished."""
        _, new = event
        self._epochs[new["run"]] = new["epochs"]

    def _report_worker(self, event: tuple[float, Any]) -> None:
        """Report a worker that joins or leaves."""
        _, what = event
        action, worker = what.get("action"), what.get("worker")
        if self._closed or action not in ("add-worker", "remove-worker"):
            return
        if action == "add-worker":
            self._workers.add(worker)
            note(f"worker {worker} joined")
        else:
            self._workers.discard(worker)
            note(f"warning: worker {worker} is gone; others train its runs")
            if not self._workers:
                note(f"waiting for a worker at {self._address}; finished runs are kept")
