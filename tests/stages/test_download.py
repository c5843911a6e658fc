"""The download stage: where a corpus comes from, and how it is labelled."""

from pathlib import Path

import pytest

from recurrent.common import config, files
from recurrent.common.errors import PipelineError
from recurrent.data import base
from recurrent.data.fetch import MIRROR_VARIABLE
from stages import clean, download
from tests.project import Project, sha256
from tests.server import Answer, Server

NAMES = b"dict,sex\n" + "王小红,女\n李伟,男\n".encode()
RAW = Path("data/raw/names")


def pinned(url: str, content: bytes = NAMES) -> dict[str, str]:
    return {"url": url, "sha256": sha256(content)}


def origin(corpus: str = "names") -> object:
    return files.read_json(Path("data/raw") / corpus / "origin.json")


@pytest.mark.parametrize("corpus", ["names", "prose", "sales"])
def test_a_bundled_corpus_needs_no_network(
    project: Project, monkeypatch: pytest.MonkeyPatch, corpus: str
) -> None:
    monkeypatch.delattr(download, "fetch")
    project.edit({f"corpora.{corpus}.synthetic.size": 500})
    download.main(corpus)
    assert origin(corpus) == {"source": "bundled", "name": "generated"}
    module = base.corpus(config.load().corpora[corpus].kind)
    module.check(project.folder / "data/raw" / corpus / module.FILE)
    assert len(project.listing(f"data/raw/{corpus}")) == 3, "and what is known of its source"


@pytest.mark.parametrize("source", ["bundled", "upstream"])
def test_your_own_file_replaces_any_source(project: Project, server: Server, source: str) -> None:
    project.edit({"source": source, "corpora.names.synthetic.size": 50})
    project.edit({"corpora.names.own": pinned(server.serves("/my%20names.txt", Answer(NAMES)))})
    files.write_text(RAW / "leftover", "of a corpus before")
    download.main("names")
    assert project.listing(str(RAW)) == {"names.txt", "origin.json"}
    assert (RAW / "names.txt").read_bytes() == NAMES
    assert origin() == {"source": "own file", "name": "my names.txt"}


def test_the_upstream_file_may_come_from_a_mirror(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR_VARIABLE, "mirror")
    (project.folder / "mirror").mkdir()
    project.file("mirror/names（120W）.txt", NAMES)
    url = "http://127.0.0.1:9/a/names%EF%BC%88120W%EF%BC%89.txt"
    project.edit({"source": "upstream", "corpora.names.upstream": pinned(url)})
    download.main("names")
    assert (RAW / "names.txt").read_bytes() == NAMES
    assert origin() == {"source": "upstream", "name": "names（120W）.txt"}


def test_a_stand_in_is_labelled_as_one(project: Project) -> None:
    project.file("others.txt", NAMES)
    stand_in = pinned("others.txt")
    project.edit({"corpora.names.stand_in": stand_in, "corpora.names.own": stand_in})
    download.main("names")
    assert origin() == {"source": "stand-in", "name": "others.txt"}


def test_a_corpus_that_cannot_be_redistributed_is_refused(project: Project) -> None:
    project.edit({"source": "upstream"})
    with pytest.raises(PipelineError, match=r"corpora\.sales: .*Set `own`"):
        download.main("sales")
    assert project.listing("data") == set()


@pytest.mark.parametrize(
    ("content", "pin", "says"),
    [
        (NAMES + b"\n", NAMES, r"differs from the one that params\.yaml pins"),
        (b"name;gender\n", b"name;gender\n", "no header 'dict,sex'"),
    ],
)
def test_a_wrong_file_is_refused(project: Project, content: bytes, pin: bytes, says: str) -> None:
    project.file("mine.txt", content)
    project.edit({"corpora.names.own": pinned("mine.txt", pin)})
    with pytest.raises(PipelineError, match=says):
        download.main("names")
    assert not (RAW / "origin.json").exists()


def test_an_unknown_corpus_or_kind_is_refused_before_anything_is_written(project: Project) -> None:
    with pytest.raises(PipelineError, match=r"no corpus 'poems'.*names, prose, lyrics"):
        download.main("poems")
    project.edit({"corpora.names.kind": "poems"})
    with pytest.raises(PipelineError, match=r"no recurrent/data/poems/clean\.py"):
        download.main("names")
    assert not Path("data").exists()


class TestRealCorpora:
    """The lectures' own files. Skipped unless CORPORA_MIRROR is the folder that holds them."""

    def cleaned(self, project: Project, mirror: Path, corpus: str) -> dict[str, object]:
        settings = config.load()
        _, found = download.source(settings, corpus, settings.corpora[corpus])
        if not (mirror / found["name"]).is_file():
            pytest.skip(f"the mirror has no {found['name']}")
        download.main(corpus)
        clean.main(corpus)
        report: dict[str, object] = files.read_json(Path(f"metrics/clean/{corpus}.json"))
        return report

    def test_nietzsche_has_the_characters_that_the_lecture_counts(
        self, project: Project, mirror: Path
    ) -> None:
        project.edit({"source": "upstream"})
        report = self.cleaned(project, mirror, "prose")
        assert (report["characters"], report["distinct_characters"]) == (600_893, 84)

    def test_the_lyrics_have_the_characters_that_the_lecture_counts(
        self, project: Project, mirror: Path
    ) -> None:
        project.edit({"source": "upstream"})
        report = self.cleaned(project, mirror, "lyrics")
        assert (report["characters"], report["distinct_characters"]) == (63_282, 2_583)
        text = Path("data/clean/lyrics/text.txt").read_bytes().decode()
        assert len(set(text.replace("\n", " ").replace("\r", " ")[:10_000])) == 1_027

    def test_the_stand_in_names_are_cleaned_without_loss(
        self, project: Project, mirror: Path
    ) -> None:
        stand_in = config.load().corpora["names"].stand_in
        assert stand_in
        project.edit({"corpora.names.own": stand_in.model_dump()})
        report = self.cleaned(project, mirror, "names")
        assert report["origin"] == {"source": "stand-in", "name": "names_gender_standin.txt"}
        assert report["rows"] == 351_026
        assert report["kept"] == {"names": 350_291, "男": 205_796, "女": 144_495}
        assert report["dropped"] == {"labelled 未知, or with both labels": 735}
        assert report["distinct_characters"] == 6_010
