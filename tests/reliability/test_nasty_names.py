"""Files of names that are damaged, of another kind or malicious: clean names, or a clear error."""

from functools import partial
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from recurrent.common import files
from recurrent.common.config import Corpus, Synthetic
from recurrent.common.errors import PipelineError
from recurrent.data.names import clean as names
from recurrent.data.names.dataset import CLASSES
from recurrent.data.names.encode import Settings, encode
from tests.reliability.ledger import Many, Promised
from tests.reliability.nasty import assert_paragraph, complaint

CORPUS = Corpus(kind="names", synthetic=Synthetic(seed=0, size=1))
GOOD = "王小红,女\n李伟,男\n李小红,女\n王伟,男\n".encode()
HEADER = b"dict,sex\n"
ROWS = {  # one bad row among good ones
    "half a character": b"\xe7\x8e,\xe5\xa5\xb3",
    "a surrogate": "王\ud800红,女".encode("utf-8", "surrogatepass"),
    "GB 18030": "王小芳,女".encode("gb18030"),
    "right to left": "\u202e王小芳,女".encode(),
    "an escape sequence": "\x1b[2J王小芳,女".encode(),
    "an open quote": '"王小芳,女'.encode(),
    "10 MB of commas": b"," * 10_000_000,
}
OTHERS = {  # files without usable names
    "nothing": b"",
    "UTF-16": (HEADER + GOOD).decode().encode("utf-16"),
    "a web page": b"<html>Log in to the network</html>",
    "one sex": HEADER + "李伟,男\n王伟,男\n".encode(),
    "each name with both": HEADER + "李伟,男\n李伟,女\n".encode(),
}


def cleaned(folder: Path, content: bytes, corpus: Corpus = CORPUS) -> dict[str, object]:
    path = folder / names.FILE
    path.write_bytes(content)
    return names.clean(path, folder, corpus)


def test_a_bad_row_is_dropped_and_a_bad_file_refused(tmp_path: Path, promise: Promised) -> None:
    kept = promise(
        "A malformed row is dropped and counted; a file of them is refused, quoting the first",
        "other encodings, invisible characters, rows of 10 MB, other files",
    )
    for case, row in ROWS.items():
        report = cleaned(tmp_path, HEADER + GOOD * 300 + row + b"\n")
        assert report["rows"] == 1201, case
        assert report["kept"] == {"names": 4, "男": 2, "女": 2}, case
        said = complaint(partial(cleaned, tmp_path, HEADER + row + b"\n"))
        assert "row 2" in said or "usable" in said, case
        kept.injected += 2
    for case, content in OTHERS.items():
        said = complaint(partial(cleaned, tmp_path, content))
        assert f"{tmp_path / names.FILE}: " in said, case
        kept.injected += 1


def test_all_that_is_kept_can_be_encoded_or_is_refused(
    scratch: Path, promise: Promised, many: Many
) -> None:
    kept = promise("All that cleaning keeps can be encoded, or is refused", "random rows and bytes")
    han = st.text(st.sampled_from("王李小红伟〇𠀀㐀豈"), min_size=1, max_size=4)
    good = st.builds("{},{}\n".format, han, st.sampled_from([*CLASSES, "未知"])).map(str.encode)
    bad = st.sampled_from([row for row in ROWS.values() if len(row) < 99])
    rows = st.lists(good | good | st.binary(max_size=12) | bad)
    tolerant = CORPUS.model_copy(update={"max_malformed": 0.99})
    files.write_json(scratch / "origin.json", {"source": "own file", "name": "x"})

    @settings(max_examples=many(60, 3_000))
    @given(rows.map(b"\n".join), st.sampled_from([None, 1, 3]), st.sampled_from([0, 1, 0.3]))
    def encoded(content: bytes, top: int | None, valid: float) -> None:
        kept.injected += 1
        try:
            cleaned(scratch, HEADER + content, tolerant)
            wanted = Settings(top_characters=top, valid=valid, test=1, seed=0)
            data, report = encode(scratch, wanted)
        except PipelineError as fault:
            assert_paragraph(str(fault))
        else:
            table = pd.read_csv(scratch / "names.csv", index_col="name")["label"]
            assert [CLASSES[label] for label in data.labels] == [
                table[data.name(row)] for row in range(len(data.labels))
            ]
            assert report["train"] and report["test"] == 1

    encoded()
