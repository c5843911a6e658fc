"""Downloads: from the mirror or the URL, verified, and refused with a reason."""

import socket
from pathlib import Path

import pytest

from recurrent.common.config import Corpus, Download, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.fetch import MIRROR_VARIABLE, RETRIES, Unavailable, fetch, file_name, upstream
from tests.project import Project, sha256
from tests.server import Answer, Server

GOOD = "丁一,男\n".encode() * 50
BAD = b"<html>Log in to the network</html>"
TARGET = Path("raw/names.txt")

pytestmark = pytest.mark.usefixtures("project", "waits")


def fetched(url: str) -> bytes:
    """Fetch the file; nothing else may be left in its folder."""
    fetch(Download(url=url, sha256=sha256(GOOD)), TARGET)
    assert [*TARGET.parent.iterdir()] == [TARGET]
    return TARGET.read_bytes()


def refused(url: str, kind: type[PipelineError] = Unavailable) -> str:
    """Return the error of a fetch, which must leave nothing behind."""
    with pytest.raises(PipelineError) as fault:
        fetch(Download(url=url, sha256=sha256(GOOD)), TARGET)
    assert type(fault.value) is kind
    assert list(TARGET.parent.iterdir()) == []
    return str(fault.value)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_verified_file_arrives_and_is_not_downloaded_again(server: Server) -> None:
    url = server.serves("/names.txt", Answer(GOOD))
    assert fetched(url) == GOOD
    assert fetched(url) == GOOD
    assert server.requests == ["/names.txt"]


def test_another_file_at_the_target_is_replaced(server: Server) -> None:
    TARGET.parent.mkdir()
    TARGET.write_bytes(BAD)
    assert fetched(server.serves("/names.txt", Answer(GOOD))) == GOOD


def test_a_wrong_hash_is_refused_with_the_place_and_both_hashes(server: Server) -> None:
    url = server.serves("/names.txt", Answer(BAD))
    message = refused(url, PipelineError)
    assert message.startswith(f"{url}: the file differs from the one that params.yaml pins")
    assert sha256(GOOD) in message and sha256(BAD) in message


def test_a_failing_server_is_retried_after_longer_and_longer_waits(
    server: Server, waits: list[float]
) -> None:
    message = refused(server.serves("/names.txt", Answer(status=500)))
    assert f"in {RETRIES + 1} tries" in message
    assert len(server.requests) == RETRIES + 1
    assert len(waits) == RETRIES
    assert waits == sorted(set(waits))


def test_a_missing_file_is_requested_once(server: Server, waits: list[float]) -> None:
    message = refused(server.url("/names.txt"))
    assert message.startswith("names.txt: the file is unavailable.")
    assert "the server answers 404" in message
    assert f"set {MIRROR_VARIABLE} to that folder" in message
    assert server.requests == ["/names.txt"]
    assert waits == []


def test_without_a_network_the_error_says_what_to_do() -> None:
    message = refused(f"http://127.0.0.1:{closed_port()}/names.txt")
    assert "Connection refused" in message
    assert "Check the network and try again" in message


def test_a_local_path_is_relative_to_the_project(project: Project) -> None:
    project.file("mine.txt", GOOD)
    assert fetched("mine.txt") == GOOD
    assert Path("mine.txt").exists()


@pytest.mark.parametrize(
    "path", ["gone.txt", ".", "x" * 5000, "~nobody-of-that-name/names.txt", "a\0b", "http:/x"]
)
def test_a_path_without_a_file_is_refused(path: str) -> None:
    assert "there is no such file" in refused(path)


class TestMirror:
    @pytest.fixture
    def folder(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = project.folder / "mirror"
        folder.mkdir()
        monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
        return folder

    def test_its_file_comes_first(self, folder: Path, server: Server) -> None:
        (folder / "names（120W）.txt").write_bytes(GOOD)
        assert fetched(server.url("/names%EF%BC%88120W%EF%BC%89.txt")) == GOOD
        assert server.requests == []

    def test_without_the_file_the_url_is_used(self, folder: Path, server: Server) -> None:
        assert fetched(server.serves("/names.txt", Answer(GOOD))) == GOOD

    def test_its_wrong_file_is_an_error(self, folder: Path, server: Server) -> None:
        (folder / "names.txt").write_bytes(BAD)
        message = refused(server.serves("/names.txt", Answer(GOOD)), PipelineError)
        assert message.startswith(f"{folder}/names.txt: ")
        assert server.requests == []

    def test_if_both_fail_both_are_named(self, folder: Path, server: Server) -> None:
        message = refused(server.url("/names.txt"))
        assert f"{folder}/names.txt: there is no such file." in message
        assert f"{server.url('/names.txt')}: the server answers 404." in message

    def test_it_may_be_a_url(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(MIRROR_VARIABLE, server.url("/mirror/"))
        server.serves("/mirror/names%20%231.txt", Answer(GOOD))
        assert fetched(server.url("/names%20%231.txt")) == GOOD
        assert server.requests == ["/mirror/names%20%231.txt"]

    def test_a_mirror_url_without_the_file_gives_way_to_the_url(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR_VARIABLE, server.url("/mirror"))
        assert fetched(server.serves("/names.txt", Answer(GOOD))) == GOOD
        assert server.requests == ["/mirror/names.txt", "/names.txt"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/b%EF%BC%88c%EF%BC%89.txt?raw=1", "b（c）.txt"),
        ("https://host/a/..%2F..%2Fevil.txt", "evil.txt"),
        ("https://[host/a.txt#b/c", "a.txt"),
        ("folder/100%25.txt", "100%25.txt"),
        ("mine.txt", "mine.txt"),
    ],
)
def test_the_file_name_is_the_last_part(url: str, name: str) -> None:
    assert file_name(url) == name


def test_a_corpus_without_upstream_is_refused_with_a_remedy() -> None:
    corpus = Corpus(kind="sales", synthetic=Synthetic(seed=0, size=1))
    with pytest.raises(Unavailable, match=r"corpora\.sales: .*cannot be redistributed.*Set `own`"):
        upstream("sales", corpus)
    published = Download(url="https://host/a.zip", sha256="0" * 64)
    assert upstream("sales", corpus.model_copy(update={"upstream": published})) == published
