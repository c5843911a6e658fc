"""Models over HTTP: the server answers or refuses any request, and continues."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recurrent.common import paths
from recurrent.serving.classifier import Classifier
from recurrent.serving.language import LanguageModel
from recurrent.tasks.generation import greedy
from recurrent.tracking.champions import Champion
from recurrent.tracking.publish import publish
from tests.commands.trained import CLASSIFIER, NAMES, WINDOWED, save
from tests.project import ROOT, Project
from tests.reliability.ledger import Promised
from tests.reliability.trackers import free_port
from tests.tracking import toy

pytestmark = pytest.mark.long
RESULTS = paths.PIPELINES["lectures"]
JSON, CSV = "application/json", "text/csv"
QUIET = ("--silent", "--noproxy", "*")
MB_10 = 10_000_000
PYTHON = str(Path(sys.executable).parent)


class Reply(NamedTuple):
    """A response, as curl received it."""

    status: int
    body: str

    @property
    def predictions(self) -> list[dict[str, Any]]:
        assert self.status == 200, self
        return list(json.loads(self.body)["predictions"])

    @property
    def is_refusal(self) -> bool:
        """Whether the request is refused with a message."""
        message = json.loads(self.body)["message"] if self.body.startswith("{") else self.body
        return 400 <= self.status < 500 and bool(message)


def curl(url: str, body: bytes, kind: str = JSON) -> Reply:
    """Send these bytes, and read the answer."""
    options = [*QUIET, "--max-time", "60", "--write-out", "\n%{http_code}"]
    done = subprocess.run(
        ["curl", *options, "-H", f"Content-Type: {kind}", "--data-binary", "@-", url],
        input=body,
        capture_output=True,
        check=True,
    )
    answer, _, status = done.stdout.decode().rpartition("\n")
    return Reply(int(status), answer)


def rows(column: str, *values: object) -> bytes:
    """Return a request as people write it: UTF-8, not escaped."""
    records = [{column: value} for value in values]
    return json.dumps({"dataframe_records": records}, ensure_ascii=False).encode()


@contextmanager
def serving(*command: str, **environment: str) -> Iterator[str]:
    """Run a server; yield the URL of its model. Ctrl-C stops it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", *command, "--port", str(port)],
        env={
            **os.environ,
            "PATH": f"{PYTHON}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C reaches the whole group, as in a terminal
    )
    url = f"http://127.0.0.1:{port}"
    try:
        patience = ("--retry", "120", "--retry-delay", "1", "--retry-all-errors")
        subprocess.run(["curl", *QUIET, *patience, "--output", "ping", f"{url}/ping"], check=True)
        yield f"{url}/invocations"
        assert process.poll() is None, "the server has ended"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
    if command[0] == "recurrent":
        *_, address, example, last = said.splitlines()
        assert url in address and example.startswith(f"curl {url}/invocations ")
        assert (process.returncode, last) == (0, "The server has stopped."), said


@pytest.fixture
def classifier(project: Project) -> Classifier:
    """A classifier with random weights, where the commands look for it."""
    save("names_gated/gru", CLASSIFIER)
    return Classifier(RESULTS.model("names_gated", "gru"))


def assert_right(url: str, classifier: Classifier, *names: str) -> None:
    """The server gives the label and the probability of each name."""
    found = curl(url, rows("name", *names)).predictions
    expected = classifier.predict(names)
    assert [one["label"] for one in found] == [one.label for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one["probability"] == pytest.approx(other.probability, abs=1e-6)


MALFORMED = (
    b"", b"{", b"[]", b"5", b"\xff\xfe\0{", rows("name", "王")[:-3], rows("name"),
    b'{"dataframe_records": 5}', b'{"dataframe_records": [{"name": "\\ud800"}]}',
    b'{"dataframe_split": {"columns": ["name"]}}', rows("name", None), rows("name", 5),
    rows("name", ["\u738b"]), rows("nam", "王"), rows("name", "王" * 31),
)  # fmt: skip


def test_a_classifier_answers_or_refuses_any_request(
    classifier: Classifier, promise: Promised
) -> None:
    kept = promise(
        "A served model answers, or refuses with a message, and serves the next request",
        "curl: malformed, wrong column, 10 MB, emoji, 100 requests side by side",
    )
    with serving("recurrent", "serve", "names_gated/gru") as url:
        assert_right(url, classifier, "王小红", "李伟", "😀", "王😀", "", "\n")
        for body in MALFORMED:
            assert curl(url, body).is_refusal, body
        long = rows("name", "王" * (MB_10 // len("王".encode())))
        many = rows("name", *["王小红"] * (MB_10 // len('{"name": "王小红"}, '.encode())))
        table = b"name\n" + "王小红\n".encode() * (MB_10 // len("王小红\n".encode()))
        for body, kind in ((long, JSON), (many, JSON), (table, CSV), (rows("name", "王"), "a/b")):
            assert curl(url, body, kind).is_refusal
        assert curl(url, "name\n王小红\n".encode(), CSV).predictions
        names = ["".join(letters) for letters in product(NAMES[:5], repeat=3)][:100]
        with ThreadPoolExecutor(len(names)) as pool:
            for done in [pool.submit(assert_right, url, classifier, name) for name in names]:
                done.result()
        assert_right(url, classifier, "王小红")
        kept.injected = len(MALFORMED) + 4 + len(names)


def test_a_language_model_answers_or_refuses_any_request(project: Project) -> None:
    save("nietzsche_rnn/lecture", WINDOWED)
    language = LanguageModel(RESULTS.model("nietzsche_rnn", "lecture"), {})
    with serving("recurrent", "serve", "nietzsche_rnn") as url:

        def ask(*prefixes: object, **params: object) -> Reply:
            body = json.loads(rows("prefix", *prefixes)) | ({"params": params} if params else {})
            return curl(url, json.dumps(body).encode())

        (found,) = ask("abcde", length=20).predictions
        expected = "".join(piece for (piece,) in language.generate("abcde", 20, greedy))
        assert found["continuation"] == expected
        nats = language.nats_per_character("abcde")
        assert found["nats_per_character"] == pytest.approx(nats, abs=1e-6)
        for prefix in ("", "😀", "abcQ", None, 5, "a" * MB_10):
            assert ask(prefix).is_refusal, str(prefix)[:40]
        for name, value in (("length", -1), ("length", 10**6), ("seed", -1), ("seed", 1 << 63)):
            assert ask("a", **{name: value}).is_refusal, (name, value)
        for temperature in (-1.0, "hot", 1e300):
            assert ask("a", temperature=temperature).is_refusal, temperature
        with ThreadPoolExecutor(100) as pool:
            replies = [*pool.map(lambda _: ask("abcde", length=20), range(100))]
        assert {reply.body for reply in replies} == {replies[0].body}
        assert replies[0].predictions == [found]


def test_mlflow_serves_the_champion_of_its_registry(
    classifier: Classifier, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{project.folder}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run = toy.trained(project.folder)
    run = replace(run, variant=run.variant.model_copy(update={"task": "classify"}))
    network = run.results.model("toy", "lecture")
    shutil.copytree(RESULTS.model("names_gated", "gru"), network, dirs_exist_ok=True)
    champion = Champion("names-to-sex", "a toy", run, 1.5, "data")
    assert publish([run], champions=[champion]) == 1
    options = ("--env-manager", "local", "--host", "127.0.0.1")
    command = ("mlflow", "models", "serve", "-m", "models:/names-to-sex@champion", *options)
    safe = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "PYTHONPATH": ""}
    with serving(*command, **safe) as url:
        assert_right(url, classifier, "王小红", "李伟")
        assert curl(url, b"{").is_refusal
