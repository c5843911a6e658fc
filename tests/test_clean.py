from pathlib import Path

import pytest

from recurrent import files
from recurrent.errors import PipelineError
from stages import clean, download
from tests.project import Project

WRITTEN = {
    "names": {"names.csv", "frequencies.csv", "origin.json"},
    "prose": {"text.txt", "nats.npy", "frequencies.csv", "origin.json"},
    "lyrics": {"text.txt", "nats.npy", "frequencies.csv", "origin.json"},
}


@pytest.mark.parametrize("corpus", WRITTEN)
def test_a_corpus_is_cleaned_and_the_report_says_where_it_is_from(
    project: Project, corpus: str
) -> None:
    project.edit({f"corpora.{corpus}.bundled.size": 600})
    download.main(corpus)
    leftover = Path("data/clean") / corpus / "leftover"
    files.write_text(leftover, "of an earlier run")
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
