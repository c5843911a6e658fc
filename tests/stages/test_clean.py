"""The clean stage: records and a report that say where they come from."""

from pathlib import Path

import pytest

from recurrent.common import files
from recurrent.common.errors import PipelineError
from recurrent.data.sales import clean as sales
from stages import clean, download
from tests.data.stores import packed, tables, written
from tests.project import Project, sha256

WRITTEN = {
    "names": {"names.csv", "frequencies.csv", "origin.json"},
    "prose": {"text.txt", "nats.npy", "frequencies.csv", "origin.json"},
}


@pytest.mark.parametrize("corpus", WRITTEN)
def test_a_corpus_is_cleaned_and_the_report_says_where_it_comes_from(
    project: Project, corpus: str
) -> None:
    project.edit({f"corpora.{corpus}.synthetic.size": 600})
    download.main(corpus)
    files.write_text(Path("data/clean") / corpus / "leftover", "of an earlier run")
    clean.main(corpus)
    assert project.listing(f"data/clean/{corpus}") == WRITTEN[corpus]
    report = files.read_json(Path(f"metrics/clean/{corpus}.json"))
    assert report["origin"] == {"source": "bundled", "name": "generated"}
    assert files.read_json(Path(f"data/clean/{corpus}/origin.json")) == report["origin"]
    assert report["most_frequent"]


def test_the_tolerance_is_that_of_params_yaml(project: Project) -> None:
    raw = Path("data/raw/names")
    files.write_text(raw / "names.txt", "dict,sex\n王小红,女\n李伟,男\nnot a row\n")
    files.write_json(raw / "origin.json", {"source": "own file", "name": "mine.txt"})
    with pytest.raises(PipelineError, match="1 of 3 rows are malformed"):
        clean.main("names")
    assert not Path("metrics/clean/names.json").exists()
    project.edit({"corpora.names.max_malformed": 0.5})
    clean.main("names")
    report = files.read_json(Path("metrics/clean/names.json"))
    assert report["dropped"]["not two fields"] == 1


@pytest.mark.parametrize(
    ("counts", "origin"),
    [
        ((9, 3), {"source": "upstream", "name": "Rossmann"}),
        ((9, 4), {"source": "own file", "name": "mine.zip"}),
    ],
)
def test_your_copy_of_rossmanns_sales_counts_as_upstream(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    counts: tuple[int, int],
    origin: dict[str, str],
) -> None:
    monkeypatch.setattr(sales, "ROSSMANN", counts)
    content = packed(written(tables()))
    project.file("mine.zip", content)
    project.edit({"corpora.sales.own": {"url": "mine.zip", "sha256": sha256(content)}})
    download.main("sales")
    clean.main("sales")
    report = files.read_json(Path("metrics/clean/sales.json"))
    assert report["origin"] == files.read_json(Path("data/clean/sales/origin.json")) == origin
