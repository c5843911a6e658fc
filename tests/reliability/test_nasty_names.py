"""Names files that are damaged, of another kind or made to harm: clean names, or a clear error."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent import config as params
from recurrent import files
from recurrent.config import Corpus
from recurrent.data.names import clean as names
from recurrent.data.names import encode as labelled_names
from recurrent.data.names.dataset import CLASSES
from recurrent.errors import PipelineError
from tests.project import ROOT
from tests.reliability.ledger import Promise
from tests.reliability.nasty import assert_paragraph, complaint

Promised = Callable[[str, str], Promise]
Many = Callable[[int, int], int]
GOOD = "王小红,女\n李伟,男\n李小红,女\n王伟,男\n" * 3
HEADER = b"dict,sex\n"
ROWS: dict[str, bytes] = {  # among good ones, one that is not
    "half a character": b"\xe7\x8e,\xe5\xa5\xb3",
    "a surrogate": "王\ud800红,女".encode("utf-8", "surrogatepass"),
    "too short a code": b"\xc0\xaf\xc0\xaf,\xe5\xa5\xb3",
    "GB 18030": "王小芳,女".encode("gb18030"),
    "a null character": "王\0红,女".encode(),
    "nulls alone": bytes(1000),
    "a byte-order mark": "\ufeff王小芳,女".encode(),
    "a zero-width space": "王\u200b芳,女".encode(),
    "written from right to left": "\u202e王小芳,女".encode(),
    "an escape sequence": "\x1b[2J王小芳,女".encode(),
    "three fields": "王小芳,女,x".encode(),
    "one field": "王小芳女".encode(),
    "quotes": '"王小芳,女'.encode(),
    "another label": "王小芳,F".encode(),
    "a label of 10 MB": b"\xe7\x8e\x8b," + b"x" * 10_000_000,
    "a name of 10 MB": "王".encode() * 3_333_333 + ",女".encode(),
    "commas alone": b"," * 10_000_000,
    "no end": "王小芳,".encode() * 100_000,
}
SAME: dict[str, bytes] = {  # whole files that say what GOOD says
    "LF": HEADER + GOOD.encode(),
    "CR LF": (HEADER + GOOD.encode()).replace(b"\n", b"\r\n"),
    "CR": (HEADER + GOOD.encode()).replace(b"\n", b"\r"),
    "a byte-order mark": b"\xef\xbb\xbf" + HEADER + GOOD.encode(),
    "full-width commas": ("dict，sex\n" + GOOD.replace(",", "，")).encode(),
    "spaces": ("\u3000dict , sex\n" + GOOD.replace(",", " ,\u3000")).encode(),
    "blank lines": HEADER + GOOD.replace("\n", "\n\n \n").encode(),
    "no last line end": HEADER + GOOD.encode().rstrip(),
    "a preamble": b"# by nobody\n" * 99 + HEADER + GOOD.encode(),
}
OTHERS: dict[str, bytes] = {  # no lists of names at all
    "nothing": b"",
    "a header alone": HEADER,
    "zeros": bytes(1 << 20),
    "UTF-16": (HEADER.decode() + GOOD).encode("utf-16"),
    "GB 18030": HEADER + GOOD.encode("gb18030"),
    "a page": b"<html>Log in to the network</html>",
    "one sex": HEADER + "李伟,男\n王伟,男\n".encode(),
    "one name": HEADER + "李伟,男\n".encode(),
    "unknown sexes": HEADER + "李伟,未知\n王小红,未知\n".encode(),
    "each name with both": HEADER + "李伟,男\n李伟,女\n".encode(),
    "English": HEADER + b"Mary,F\nJohn,M\n",
    "a preamble of a hundred lines": b"\n" * 100 + HEADER + GOOD.encode(),
    "a line without end": b"x" * 20_000_000,
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return params.load(ROOT / "params.yaml").corpora["names"]


def cleaned(folder: Path, content: bytes, corpus: Corpus) -> dict[str, object]:
    """Cleaned in a folder of its own; every row of the file is accounted for."""
    path = folder / names.FILE
    path.write_bytes(content)
    return names.clean(path, folder, corpus)


def test_the_same_names_are_read_however_they_are_written(
    tmp_path: Path, corpus: Corpus, promise: Promised
) -> None:
    kept = promise("Names are read the same however they are written", "line ends, marks, commas")
    for case, content in SAME.items():
        cleaned(tmp_path, content, corpus)
        table = pd.read_csv(tmp_path / "names.csv")
        found = dict(zip(table["name"], table["label"], strict=True))
        assert found == {"王小红": "女", "李伟": "男", "李小红": "女", "王伟": "男"}, case
        kept.injected += 1


def test_a_nasty_row_is_counted_and_a_file_of_them_refused(
    tmp_path: Path, corpus: Corpus, promise: Promised
) -> None:
    kept = promise(
        "A row that is no name is dropped and counted; many of them are refused, the first quoted",
        "bytes of other encodings, nulls, marks, rows of 10 MB",
    )
    for case, row in ROWS.items():
        content = HEADER + GOOD.encode() * 100 + row + b"\n" + GOOD.encode()
        report = cleaned(tmp_path, content, corpus)
        assert report["rows"] == 12 * 101 + 1, case
        assert report["kept"] == {"names": 4, "男": 2, "女": 2}, case
        said = complaint(lambda row=row: cleaned(tmp_path, HEADER + row + b"\n", corpus))
        assert tmp_path.name in said and ("row 2" in said or "usable" in said), case
        kept.injected += 2


def test_a_file_without_names_of_both_sexes_is_refused(
    tmp_path: Path, corpus: Corpus, promise: Promised
) -> None:
    kept = promise("A file that is no list of names is refused by its name", "other files, one sex")
    for case, content in OTHERS.items():
        said = complaint(lambda content=content: cleaned(tmp_path, content, corpus))
        assert f"{tmp_path / names.FILE}: " in said, case
        kept.injected += 1


def test_whatever_is_cleaned_can_be_encoded_or_is_refused(
    scratch: Path, corpus: Corpus, promise: Promised, many: Many
) -> None:
    kept = promise("Whatever cleaning keeps can be encoded, or is refused", "random rows and bytes")
    han = st.text(st.sampled_from("王李小红伟〇𠀀㐀豈"), min_size=1, max_size=4)
    good = st.builds("{},{}\n".format, han, st.sampled_from([*CLASSES, "未知"])).map(str.encode)
    rows = st.lists(good | good | st.binary(max_size=12) | st.sampled_from([*ROWS.values()][:14]))
    tolerant = corpus.model_copy(update={"max_malformed": 0.99})
    files.write_json(scratch / "origin.json", {"source": "own file", "name": "x"})

    @settings(max_examples=many(60, 3_000))
    @given(rows.map(b"\n".join), st.sampled_from([None, 1, 3]), st.sampled_from([0, 1, 0.3]))
    def encoded(content: bytes, top: int | None, valid: float) -> None:
        kept.injected += 1
        try:
            cleaned(scratch, HEADER + content, tolerant)
            wanted = labelled_names.Settings(top_characters=top, valid=valid, test=1, seed=0)
            data, report = labelled_names.encode(scratch, wanted)
        except PipelineError as fault:
            assert_paragraph(str(fault))
        else:
            table = pd.read_csv(scratch / "names.csv", index_col="name")["label"]
            assert [CLASSES[label] for label in data.labels] == [
                table[data.name(row)] for row in range(len(data.labels))
            ]
            assert report["train"] and report["test"] == 1

    encoded()
