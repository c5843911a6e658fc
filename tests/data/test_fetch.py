import hashlib
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurrent.data.fetch import MIRROR_VARIABLE, RETRIES, Pin, fetch, file_name
from recurrent.data.transfer import Unavailable
from recurrent.errors import PipelineError
from tests.project import Project, sha256
from tests.server import Answer, Server

GOOD = "丁一,男\n".encode() * 50
BAD = b"<html>Log in to the network</html>"
PIN = Pin("sha256", sha256(GOOD))
TARGET = Path("raw/names.txt")

pytestmark = pytest.mark.usefixtures("waits")


def refused(url: str, kind: type[PipelineError] = PipelineError) -> str:
    """What fetching says, having left nothing behind."""
    with pytest.raises(kind) as fault:
        fetch(url, PIN, TARGET)
    assert list(TARGET.parent.iterdir()) == []
    return str(fault.value)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_good_file_arrives_whole_and_alone(project: Project, server: Server) -> None:
    fetch(server.serves("/names.txt", Answer(GOOD)), PIN, TARGET)
    assert TARGET.read_bytes() == GOOD
    assert project.listing("raw") == {"names.txt"}
    assert server.asked == ["/names.txt"]


def test_an_older_file_gives_way_to_the_pinned_one(project: Project, server: Server) -> None:
    TARGET.parent.mkdir()
    TARGET.write_bytes(BAD)
    fetch(server.serves("/names.txt", Answer(GOOD)), PIN, TARGET)
    assert TARGET.read_bytes() == GOOD


def test_a_wrong_hash_names_the_file_and_both_hashes_and_leaves_nothing_behind(
    project: Project, server: Server
) -> None:
    url = server.serves("/names.txt", Answer(BAD))
    message = refused(url)
    assert url in message
    assert f"expected sha256 {PIN.digest}" in message
    assert f"its sha256 is {sha256(BAD)} ({len(BAD)} bytes)" in message
    assert "fetch it again" in message


def test_a_file_damaged_on_its_way_is_fetched_again(project: Project, server: Server) -> None:
    fetch(server.serves("/names.txt", Answer(BAD), Answer(GOOD)), PIN, TARGET)
    assert TARGET.read_bytes() == GOOD


def test_a_truncated_file_is_never_taken_for_a_whole_one(project: Project, server: Server) -> None:
    url = server.serves("/names.txt", Answer(GOOD[:100], claimed=len(GOOD)))
    message = refused(url, Unavailable)
    assert "IncompleteRead" in message
    assert len(server.asked) == RETRIES + 1


def test_what_the_server_lacks_is_asked_for_once(
    project: Project, server: Server, waits: list[float]
) -> None:
    message = refused(server.url("/names.txt"), Unavailable)
    assert "names.txt: could not be fetched." in message
    assert "answers 404" in message
    assert f"set {MIRROR_VARIABLE} to it" in message
    assert server.asked == ["/names.txt"]
    assert waits == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(project: Project, server: Server, status: int) -> None:
    fetch(server.serves("/names.txt", Answer(status=status), Answer(GOOD)), PIN, TARGET)
    assert TARGET.read_bytes() == GOOD
    assert len(server.asked) == 2


def test_a_server_that_stays_in_trouble_is_given_up_after_longer_and_longer_waits(
    project: Project, server: Server, waits: list[float]
) -> None:
    message = refused(server.serves("/names.txt", Answer(status=500)), Unavailable)
    assert f"after {RETRIES + 1} tries" in message
    assert len(server.asked) == RETRIES + 1
    assert len(waits) == RETRIES
    assert waits == sorted(set(waits))


def test_without_a_network_it_says_what_to_do(project: Project) -> None:
    message = refused(f"http://127.0.0.1:{closed_port()}/names.txt", Unavailable)
    assert "Connection refused" in message
    assert f"put the file into a folder and set {MIRROR_VARIABLE} to it" in message


def test_a_url_that_is_none_is_not_taken_for_a_wrong_file(project: Project) -> None:
    assert "not the file" not in refused("http://", Unavailable)


def test_a_path_of_ones_own_is_relative_to_the_project(project: Project) -> None:
    project.file("mine.txt", GOOD)
    fetch("mine.txt", PIN, TARGET)
    assert TARGET.read_bytes() == GOOD
    assert project.listing() >= {"mine.txt"}


def test_a_missing_path_and_a_folder_are_no_files(project: Project) -> None:
    assert "mine.txt: there is no such file." in refused("mine.txt", Unavailable)
    assert "raw: there is a folder, or a device, and no such file." in refused("raw", Unavailable)


@pytest.mark.parametrize("path", ["x" * 5000, "~nobody-of-that-name/names.txt", "a\0b", ""])
def test_a_path_that_can_be_none_is_an_error_of_ours(project: Project, path: str) -> None:
    assert "no such file" in refused(path, Unavailable)


class TestMirror:
    @pytest.fixture
    def folder(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> Path:
        folder = project.folder / "mirror"
        folder.mkdir()
        monkeypatch.setenv(MIRROR_VARIABLE, str(folder))
        return folder

    def test_its_file_is_taken_and_the_url_never_asked(self, folder: Path, server: Server) -> None:
        (folder / "names（120W）.txt").write_bytes(GOOD)
        fetch(server.url("/names%EF%BC%88120W%EF%BC%89.txt"), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD
        assert server.asked == []

    def test_without_the_file_the_url_is_asked(self, folder: Path, server: Server) -> None:
        fetch(server.serves("/names.txt", Answer(GOOD)), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD

    def test_its_wrong_file_is_an_error_even_where_the_url_has_the_right_one(
        self, folder: Path, server: Server
    ) -> None:
        (folder / "names.txt").write_bytes(BAD)
        message = refused(server.serves("/names.txt", Answer(GOOD)))
        assert f"{folder}/names.txt" in message
        assert PIN.digest in message
        assert sha256(BAD) in message
        assert server.asked == []

    def test_a_folder_or_a_dead_link_in_the_place_of_its_file_is_named(
        self, folder: Path, server: Server
    ) -> None:
        (folder / "names.txt").mkdir()
        message = refused(server.url("/names.txt"), Unavailable)
        assert f"{folder}/names.txt: there is a folder, or a device" in message
        (folder / "names.txt").rmdir()
        (folder / "names.txt").symlink_to("nowhere")
        message = refused(server.url("/names.txt"), Unavailable)
        assert f"{folder}/names.txt: there is a link to nowhere" in message
        fetch(server.serves("/names.txt", Answer(GOOD)), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD

    def test_when_both_fail_both_are_named(self, folder: Path, server: Server) -> None:
        message = refused(server.url("/names.txt"), Unavailable)
        assert f"{folder}/names.txt: there is no such file." in message
        assert f"{server.url('/names.txt')}: the server answers 404." in message

    def test_it_may_be_a_url(
        self, project: Project, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR_VARIABLE, server.url("/mirror/"))
        server.serves("/mirror/names.txt", Answer(GOOD))
        fetch(server.url("/names.txt"), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD
        assert server.asked == ["/mirror/names.txt"]

    def test_a_mirror_url_without_the_file_gives_way_to_the_url(
        self, project: Project, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR_VARIABLE, server.url("/mirror"))
        fetch(server.serves("/names.txt", Answer(GOOD)), PIN, TARGET)
        assert server.asked == ["/mirror/names.txt", "/names.txt"]

    def test_a_mirror_url_is_asked_for_the_name_as_urls_spell_it(
        self, project: Project, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(MIRROR_VARIABLE, server.url("/mirror"))
        server.serves("/mirror/names%20%231%3F.txt", Answer(GOOD))
        fetch(server.url("/names%20%231%3F.txt"), PIN, TARGET)
        assert TARGET.read_bytes() == GOOD


@given(st.binary(max_size=3000))
def test_a_git_blob_pin_hashes_the_length_and_the_bytes(scratch: Path, content: bytes) -> None:
    path = scratch / "blob"
    path.write_bytes(content)
    whole = b"blob " + str(len(content)).encode() + b"\0" + content
    assert Pin("git_blob", "").of(path) == hashlib.sha1(whole).hexdigest()


def test_a_git_blob_pin_is_what_git_says(project: Project, server: Server) -> None:
    path = project.file("names.txt", GOOD)
    asked = subprocess.run(
        ["git", "hash-object", "--no-filters", path], capture_output=True, text=True, check=True
    )
    pin = Pin("git_blob", asked.stdout.strip())
    assert pin.of(path) == pin.digest
    fetch(server.serves("/n.txt", Answer(GOOD)), pin, TARGET)
    with pytest.raises(PipelineError, match="git_blob"):
        fetch(server.serves("/n.txt", Answer(BAD)), pin, TARGET)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://host/a/b.txt", "b.txt"),
        ("https://host/a/b%EF%BC%88c%EF%BC%89.txt?raw=1", "b（c）.txt"),
        ("https://host/a/..%2F..%2Fevil.txt", "evil.txt"),
        ("https://[host/a.txt#b/c", "a.txt"),
        ("folder/100%25.txt", "100%25.txt"),
        ("mine.txt", "mine.txt"),
    ],
)
def test_a_files_own_name_is_the_last_part(url: str, name: str) -> None:
    assert file_name(url) == name
