from pathlib import Path

import pytest

from recurrent import config as params
from recurrent import files
from recurrent.data.fetch import MIRROR_VARIABLE, Pin
from recurrent.data.names import clean as names
from recurrent.data.text import lyrics, prose
from recurrent.errors import PipelineError
from stages import download
from tests.data.stores import packed, tables, written
from tests.project import Project, sha256
from tests.server import Answer, Server

NAMES = b"dict,sex\n" + "王小红,女\n李伟,男\n".encode()
GENERATED = {
    "names": {"names.txt", "truth.csv"},
    "prose": {"prose.txt", "nats.npy"},
    "lyrics": {"lyrics", "nats.npy"},
    "sales": {"sales.zip", "truth.csv"},
}


def own(project: Project, url: str, content: bytes = NAMES) -> None:
    project.edit({"corpora.names.url": url, "corpora.names.sha256": sha256(content)})


def origin(corpus: str) -> object:
    return files.read_json(Path("data/raw") / corpus / "origin.json")


@pytest.mark.parametrize("corpus", GENERATED)
def test_a_bundled_corpus_needs_no_network_and_says_what_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch, corpus: str
) -> None:
    monkeypatch.delattr(download, "fetch")
    monkeypatch.setattr("recurrent.data.synthetic.sales.DAYS", 10)
    project.edit({f"corpora.{corpus}.bundled.size": 500})
    download.main(corpus)
    assert project.listing(f"data/raw/{corpus}") == {*GENERATED[corpus], "origin.json"}
    assert origin(corpus) == {"source": "bundled", "name": "generated"}


def test_a_file_of_ones_own_takes_the_place_of_the_source(project: Project, server: Server) -> None:
    own(project, server.serves("/my%20names.txt", Answer(NAMES)))
    download.main("names")
    assert project.listing("data/raw/names") == {"names.txt", "origin.json"}
    assert Path("data/raw/names/names.txt").read_bytes() == NAMES
    assert origin("names") == {"source": "own file", "name": "my names.txt"}


def test_a_path_of_ones_own_is_relative_to_the_project(project: Project) -> None:
    project.file("mine.txt", NAMES)
    own(project, "mine.txt")
    download.main("names")
    assert Path("data/raw/names/names.txt").read_bytes() == NAMES
    assert origin("names") == {"source": "own file", "name": "mine.txt"}


def test_the_upstream_file_is_taken_from_a_mirror_and_verified_by_its_git_blob(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "mirror")
    (project.folder / "mirror").mkdir()
    source = project.file("mirror/names（120W）.txt", NAMES)
    project.edit(
        {
            "source": "upstream",
            "corpora.names.upstream.url": "http://127.0.0.1:9/a/names%EF%BC%88120W%EF%BC%89.txt",
            "corpora.names.upstream.git_blob": Pin("git_blob", "").of(source),
        }
    )
    download.main("names")
    assert Path("data/raw/names/names.txt").read_bytes() == NAMES
    assert origin("names") == {"source": "upstream", "name": "names（120W）.txt"}


def test_what_nobody_may_publish_is_asked_of_its_owner(project: Project) -> None:
    project.edit({"source": "upstream"})
    with pytest.raises(PipelineError) as fault:
        download.main("sales")
    assert str(fault.value) == (
        "params.yaml: corpora.sales: only those who own it can give it. Set its url and sha256 "
        "to your file: the README says what it should hold."
    )
    assert project.listing("data") == set()


@pytest.mark.parametrize("source", ["bundled", "upstream"])
def test_its_owner_gives_it_whatever_the_source(project: Project, source: str) -> None:
    content = packed(written(tables()))
    project.file("mine.zip", content)
    own_file = {"corpora.sales.url": "mine.zip", "corpora.sales.sha256": sha256(content)}
    project.edit({"source": source, **own_file})
    download.main("sales")
    assert Path("data/raw/sales/sales.zip").read_bytes() == content
    assert origin("sales") == {"source": "own file", "name": "mine.zip"}


def test_what_an_earlier_source_left_is_gone(project: Project) -> None:
    project.edit({"corpora.names.bundled.size": 50})
    download.main("names")
    project.file("mine.txt", NAMES)
    own(project, "mine.txt")
    download.main("names")
    # The truth of the generated names would be a lie about these.
    assert project.listing("data/raw/names") == {"names.txt", "origin.json"}


@pytest.mark.parametrize("content", [NAMES + b"\n", b""])
def test_a_wrong_file_is_refused_and_leaves_nothing_behind(
    project: Project, content: bytes
) -> None:
    project.file("mine.txt", content)
    own(project, "mine.txt")
    with pytest.raises(PipelineError, match=r"not the file that params\.yaml pins"):
        download.main("names")
    assert project.listing("data") == set()


def test_a_file_that_is_pinned_but_no_such_corpus_is_refused(project: Project) -> None:
    content = b"name;gender\n"
    project.file("mine.txt", content)
    own(project, "mine.txt", content)
    with pytest.raises(PipelineError, match="no line 'dict,sex'"):
        download.main("names")
    assert not Path("data/raw/names/origin.json").exists()


def test_an_unknown_corpus_is_refused_before_anything_is_touched(project: Project) -> None:
    with pytest.raises(PipelineError, match=r"no corpus 'poems'.*names, prose, lyrics"):
        download.main("poems")
    assert project.listing() == {"params.yaml", "lectures.yaml"}


def test_a_corpus_whose_module_is_missing_is_refused(project: Project) -> None:
    project.edit({"corpora.names.module": "poems"})
    with pytest.raises(PipelineError, match=r"no stages/corpora/poems\.py"):
        download.main("names")


class TestRealCorpora:
    """The lectures' own files. They are skipped unless CORPORA_MIRROR names their folder."""

    def fetched(self, project: Project, mirror: Path, corpus: str) -> Path:
        settings = params.load()
        name = download.describe(settings, corpus, settings.corpora[corpus])["name"]
        if not (mirror / name).is_file():
            pytest.skip(f"{MIRROR_VARIABLE} holds no {name}")
        download.main(corpus)
        return Path("data/raw") / corpus

    def test_nietzsche_has_the_characters_that_the_lecture_counts(
        self, project: Project, mirror: Path
    ) -> None:
        project.edit({"source": "upstream"})
        folder = self.fetched(project, mirror, "prose")
        report = prose.clean(folder / prose.FILE, folder, None)  # type: ignore[arg-type]
        assert report["characters"] == 600_893
        assert report["distinct_characters"] == 84

    def test_the_lyrics_have_the_characters_that_the_lecture_counts(
        self, project: Project, mirror: Path
    ) -> None:
        project.edit({"source": "upstream"})
        folder = self.fetched(project, mirror, "lyrics")
        content = lyrics.read(folder / lyrics.FILE)
        assert len(content) == 63_282
        assert len(set(content)) == 2_583
        assert len(set(content.replace("\n", " ").replace("\r", " ")[:10_000])) == 1_027

    def test_the_standin_names_are_cleaned_without_loss(
        self, project: Project, mirror: Path
    ) -> None:
        standin = params.load().corpora["names"].standin
        assert standin
        project.edit({"corpora.names.url": standin.url, "corpora.names.sha256": standin.sha256})
        path = self.fetched(project, mirror, "names") / names.FILE
        out = project.folder / "out"
        out.mkdir()
        report = names.clean(path, out, params.load().corpora["names"])
        assert report["rows"] == 351_026
        assert report["kept"] == {"names": 350_291, "男": 205_796, "女": 144_495}
        assert report["dropped"] == {"labelled 未知, or with both labels": 735}
        assert report["distinct_characters"] == 6_010
